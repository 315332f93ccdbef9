package queryapi

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"unicode"
)

var (
	errTooLarge = errors.New("answer too large")
	errNotJSON  = errors.New("not JSON")
	errSyntax   = errors.New("malformed answer")
	errClosed   = errors.New("the source is closed")
)

// Refusal is a query that the server understood and would not, or could not,
// evaluate: too many series, a syntax it does not know.
type Refusal struct {
	Status int    // of the HTTP response
	Text   string // the server's own, shortened
}

// Error implements error.
func (e *Refusal) Error() string { return "query refused: " + e.Text }

// maxRemoteText is how much of a server's own words is passed on, in bytes.
const maxRemoteText = 300

// oneLine makes what a server said fit to be shown.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(s) > maxRemoteText {
		s = strings.ToValidUTF8(s[:maxRemoteText], "") + "…"
	}
	return s
}

// explain says what went wrong between here and the server, and what to do.
func (c *client) explain(err error) error {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var transport *url.Error
	say := func(text, remedy string) error { return fmt.Errorf("%s: %s: %s", c.name, text, remedy) }
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: given up: %w", c.name, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return fmt.Errorf("%s: no complete answer within %s: ask for less, or allow more time: %w", c.name, c.options.Timeout, context.DeadlineExceeded)
	case errors.Is(err, errTooLarge):
		return say(fmt.Sprintf("an answer of more than %d bytes", c.options.MaxBytes), "choose a narrower node")
	case errors.Is(err, errNotJSON):
		return say("it answers with something other than JSON, such as a web page", "give the address under which it answers at /api/v1/query")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return say("the answer is cut off", "try again; if it stays, look at the server's log and at proxies on the way")
	case errors.Is(err, errSyntax):
		return say(oneLine(err.Error()), "is it a server with the Prometheus query API?")
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("connection refused", "nothing listens there; start the server or check host and port")
	case errors.As(err, &dns):
		return say("host not found", "check its name")
	case errors.As(err, &authority):
		return say("its certificate is signed by an authority that is not known here", "give the authority's certificate as a file")
	case errors.As(err, &hostname):
		return say(hostname.Error(), "use a host name that the certificate is for")
	case errors.As(err, &transport) && strings.HasPrefix(transport.Err.Error(), badLocation):
		return say("it redirects to "+shownLocation(""), redirectRemedy)
	case errors.As(err, &transport):
		return say(oneLine(transport.Err.Error()), "check the address, and that the network reaches it")
	}
	return fmt.Errorf("%s: %w", c.name, err)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

const (
	redirectRemedy = "give that address itself if it is the right one; redirects are not followed"
	// badLocation begins the error of net/http for a redirect to what is no address,
	// which it repeats with all that may be secret in it.
	badLocation = "failed to parse Location header"
)

// refused says what a status other than 200 means.
func (c *client) refused(status int, header http.Header, text string) error {
	say := func(text, remedy string) error { return fmt.Errorf("%s: %s: %s", c.name, text, remedy) }
	answered := fmt.Sprintf("it answers %d %s", status, http.StatusText(status))
	switch {
	case status >= 300 && status < 400:
		return say("it redirects to "+shownLocation(header.Get("Location")), redirectRemedy)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return say(answered, "give credentials: user:password@ in the address, a bearer token file, or the header it wants")
	case status == http.StatusNotFound:
		return say(answered, "check the path: it is the part before /api/v1/query, for example /prometheus")
	case text != "":
		return fmt.Errorf("%s: %w", c.name, &Refusal{Status: status, Text: text})
	default:
		return say(answered, "look at the server's log")
	}
}

// shownLocation is where a redirect leads, without what may be secret.
func shownLocation(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return "somewhere else"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return oneLine(u.String())
}
