package queryapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAddress is the longest address, in bytes, that is sent; what makes it longer
// is posted.
const maxAddress = 4 << 10

// client sends requests to one server, a few at a time.
type client struct {
	options Options
	base    *url.URL // without credentials
	name    string   // of the server, to be shown
	user    *url.Userinfo
	http    *http.Client
	slots   chan struct{} // holds a token for every request under way
	pause   pause
}

func newClient(options Options) (*client, error) {
	base, err := parseBase(options.URL)
	if err != nil {
		return nil, err
	}
	transport, err := options.transport()
	if err != nil {
		return nil, err
	}
	user := base.User
	base.User = nil
	return &client{
		options: options,
		base:    base,
		name:    base.String(),
		user:    user,
		slots:   make(chan struct{}, options.Concurrency),
		pause:   pause{now: options.Now},
		http: &http.Client{
			Transport: transport,
			// Another address would get the credentials, or lose them.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// get asks an endpoint, such as "query". Its errors are of one line, name the
// server and say what to do; they wrap a *Refusal, or the context's error, where
// that is why.
func (c *client) get(ctx context.Context, endpoint string, parameters url.Values) (*answer, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, c.explain(ctx.Err())
	}
	if err := c.pause.wait(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	a, err := c.attempt(ctx, endpoint, parameters)
	var busy *busyError
	if errors.As(err, &busy) && c.pause.wait(ctx) == nil {
		a, err = c.attempt(ctx, endpoint, parameters)
	}
	return a, err
}

// attempt asks once, and posts if the server takes no GET.
func (c *client) attempt(ctx context.Context, endpoint string, parameters url.Values) (*answer, error) {
	method := http.MethodGet
	if c.addressLength(endpoint, parameters) > maxAddress {
		method = http.MethodPost
	}
	a, status, err := c.exchange(ctx, method, endpoint, parameters)
	if method == http.MethodPost && (status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented) {
		a, _, err = c.exchange(ctx, http.MethodGet, endpoint, parameters)
	}
	return a, err
}

// addressLength is how long an address with the parameters in it would be.
func (c *client) addressLength(endpoint string, parameters url.Values) int {
	return len(c.name) + len("/api/v1/?") + len(endpoint) + len(parameters.Encode())
}

func (c *client) exchange(ctx context.Context, method, endpoint string, parameters url.Values) (*answer, int, error) {
	request, err := c.request(ctx, method, endpoint, parameters)
	if err != nil {
		return nil, 0, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, 0, c.explain(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, response.StatusCode, c.failure(response)
	}
	if isHTML(response.Header) {
		return nil, response.StatusCode, c.explain(errNotJSON)
	}
	a, err := decode(&limitedReader{r: response.Body, left: c.options.MaxBytes}, c.options.MaxSeries)
	switch {
	case err != nil:
	case a.status == "error":
		err = &Refusal{Status: response.StatusCode, Text: oneLine(a.errorText)}
	case a.status != "success" && !a.truncated: // which may come before it
		err = fmt.Errorf("%w: no status", errSyntax)
	}
	if err != nil {
		return nil, response.StatusCode, c.explain(err)
	}
	return a, response.StatusCode, nil
}

func (c *client) request(ctx context.Context, method, endpoint string, parameters url.Values) (*http.Request, error) {
	address := c.base.JoinPath("api/v1", endpoint)
	body := io.Reader(http.NoBody)
	if method == http.MethodPost {
		body = strings.NewReader(parameters.Encode())
	} else {
		address.RawQuery = parameters.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), body)
	if err != nil {
		return nil, c.explain(err)
	}
	for name, values := range c.options.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.options.UserAgent)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.user != nil {
		password, _ := c.user.Password()
		request.SetBasicAuth(c.user.Username(), password)
	}
	if c.options.BearerTokenFile != "" {
		token, err := readToken(c.options.BearerTokenFile)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// maxErrorBody is how much of an error's body is read.
const maxErrorBody = 64 << 10

// failure is the error for a response whose status is not 200.
func (c *client) failure(response *http.Response) error {
	status, header := response.StatusCode, response.Header
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && header.Get("Retry-After") != "" {
		return fmt.Errorf("%s: %w", c.name, c.pause.begin(status, header))
	}
	text := ""
	// What cannot be read of an error is not missed.
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if a, err := decode(strings.NewReader(string(body)), 0); err == nil && a.errorText != "" {
		text = oneLine(a.errorText)
	} else if !isHTML(header) && !strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
		text = oneLine(string(body))
	}
	return c.refused(status, header, text)
}

func isHTML(header http.Header) bool {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return media == "text/html"
}

// limitedReader fails, instead of ending quietly, when more than its limit comes.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// seconds writes a length of time as the API reads it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// milliseconds writes a moment as the API reads it.
func milliseconds(at time.Time) string {
	return fmt.Sprintf("%d.%03d", at.UnixMilli()/1000, at.UnixMilli()%1000)
}
