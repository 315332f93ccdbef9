package doctor

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// client asks one server.
type client struct {
	base    *url.URL
	token   string
	http    *http.Client
	now     func() time.Time
	own     string // version of this binary
	storage string
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 20

func (c *client) name() string { return c.base.Redacted() }

// get returns an answer of status 200.
func (c *client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	at := c.base.JoinPath(path)
	at.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	request.Header.Set("User-Agent", "metertree/"+c.own)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{response.StatusCode, strings.Join(strings.Fields(string(body[:min(len(body), 200)])), " ")}
	}
	return body, nil
}

// statusError is an answer other than 200.
type statusError struct {
	status int
	text   string
}

// tornLog reports whether a server that runs says that it must be restarted.
func (e *statusError) tornLog() bool {
	return e.status == http.StatusServiceUnavailable && strings.Contains(e.text, "restart the server")
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if e.text == "" || strings.HasSuffix(text, e.text) {
		return text
	}
	return text + " " + e.text
}

// data decodes the data of an answer of the Prometheus API.
func (c *client) data(ctx context.Context, endpoint string, query url.Values, into any) error {
	body, err := c.get(ctx, "api/v1/"+endpoint, query)
	if err != nil {
		return err
	}
	answer := struct {
		Data any `json:"data"`
	}{into}
	return json.Unmarshal(body, &answer)
}

// ready asks whether the server does all that it is for. Queries may be answered
// even if it does not.
func (c *client) ready(ctx context.Context) (found []Finding, queries bool) {
	_, err := c.get(ctx, "-/ready", nil)
	if err == nil {
		return nil, true
	}
	var status *statusError
	queries = errors.As(err, &status) && status.tornLog()
	message, remedy := c.explain(err)
	return []Finding{{Error, "ready", message, remedy}}, queries
}

// explain says why the server does not answer, and what to do.
func (c *client) explain(err error) (message, remedy string) {
	var status *statusError
	var dns *net.DNSError
	var certificate *x509.UnknownAuthorityError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &status):
		return c.explainStatus(status)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at " + c.name(), "start the server, or give its address with --url; what it said last is in its log"
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %q is not known", dns.Name), "correct --url, or the name service"
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return "the certificate of " + c.name() + " is signed by nobody who is trusted here", "give the authority's certificate with --ca-file"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate of " + c.name() + " has expired, or is not valid yet", "renew it, or set the clock that is wrong"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return c.name() + " does not answer in time", "is it overloaded, stopped, or behind a firewall? See its log; wait longer with --timeout"
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return c.name() + " speaks no TLS", "write http:// in --url"
	}
	return c.name() + " cannot be asked: " + plainCause(err), "check --url and the server's log"
}

func (c *client) explainStatus(e *statusError) (message, remedy string) {
	switch {
	case e.tornLog():
		return "the server stores nothing any more, and answers queries only: " + e.text, writeRemedy
	case e.status == http.StatusServiceUnavailable:
		return "the server is not ready: " + e.text, "while it starts it replays its log, which takes up to minutes; if it stays so, see its log"
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
		return c.name() + " asks for credentials, or refuses those given: " + e.Error(), "give user:password@ in --url, or --bearer-token-file"
	case e.status == http.StatusBadRequest && strings.Contains(e.text, "HTTPS"):
		return c.name() + " speaks TLS only", "write https:// in --url"
	}
	return fmt.Sprintf("%s answered %s", c.name(), e), "is that a metertree server? Give the address of one with --url"
}

// plainCause is an error without the URL, which may hold a password.
func plainCause(err error) string {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return err.Error()
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
