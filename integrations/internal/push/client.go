package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
)

// Config says where requests go, and how they are made.
type Config struct {
	// Address is where requests go. Errors name it without its query.
	Address *url.URL
	// HTTP makes the requests; nil means one of the client's own. Its redirect
	// policy is not used: only redirects within a host that keep the request as
	// it is are followed.
	HTTP *http.Client
	// Connections is how many are kept open while they are not used, if HTTP is
	// nil; 0 means as many as net/http keeps.
	Connections int
	// Timeout bounds each attempt to make a request, Retry says how it is repeated.
	Timeout time.Duration
	Retry   export.Retry
	// Header is sent with every request.
	Header http.Header
	// Secrets are in no error, nor are the values of a request's headers.
	Secrets Secrets
	Hints   Hints
	// Counts, which is required, counts attempts, retries, and as failures the
	// requests for which Post returns an error.
	Counts *Counts
}

// Client makes requests. It may be used from several goroutines.
type Client struct {
	http   *http.Client
	config Config
}

// NewClient returns a client. It connects to nothing.
func NewClient(c Config) *Client {
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		if c.Connections > 0 {
			transport.MaxIdleConnsPerHost = c.Connections
		}
		own.Transport = transport
	}
	own.CheckRedirect = sameRequest
	return &Client{http: &own, config: c}
}

// Close closes connections that are not used, unless they are those of the
// Config's HTTP. The client may still be used.
func (c *Client) Close() {
	if c.config.HTTP == nil {
		c.http.CloseIdleConnections()
	}
}

// Request is one request with what a protocol has to say about it. All but Begin
// is required.
type Request struct {
	Body []byte
	// Prepare adds what the protocol has in headers, over those of Config.
	Prepare func(*http.Request)
	// Judge completes an answer with what the protocol means by it. An error says
	// that the answer is as good as none.
	Judge func(*Answer) error
	// Begin, unless nil, is called before the first attempt.
	Begin func()
}

// Post makes a request, repeatedly if that may help, and returns the last answer.
// The error is set if the backend gave none, or may take the request later. Post
// gives up when goOn ends; an attempt that has begun ends with ctx only, because
// nobody could tell what becomes of one that is abandoned.
func (c *Client) Post(ctx, goOn context.Context, r Request) (*Answer, error) {
	var last *Answer
	attempts := 0
	var settled settledError
	err := c.config.Retry.Do(goOn, func(context.Context) error {
		c.config.Counts.Attempts.Add(1)
		if attempts++; attempts > 1 {
			c.config.Counts.Retries.Add(1)
		} else if r.Begin != nil {
			r.Begin()
		}
		var err error
		last, err = c.attempt(ctx, r)
		if errors.As(err, &settled) {
			return nil
		}
		return err
	})
	if err == nil {
		err = settled.error
	}
	if err != nil {
		c.config.Counts.Failures.Add(1)
		return nil, err
	}
	return last, nil
}

// attempt makes a request once. The error is as that of Post.
func (c *Client) attempt(ctx context.Context, r Request) (*Answer, error) {
	limited, cancel := context.WithTimeoutCause(ctx, c.config.Timeout,
		fmt.Errorf("no answer within %v: %w", c.config.Timeout, context.DeadlineExceeded))
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, c.config.Address.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, c.fail(limited, err, c.secretsOf(nil))
	}
	for name, values := range c.config.Header {
		request.Header[name] = slices.Clone(values)
	}
	r.Prepare(request)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.fail(limited, err, c.secretsOf(request))
	}
	defer response.Body.Close()
	secrets := c.secretsOf(response.Request)
	a := newAnswer(response, c.config.Hints, secrets)
	a.From = BareAddress(c.config.Address)
	if err := r.Judge(a); err != nil {
		return nil, c.fail(limited, err, secrets)
	}
	a.Message, a.About, a.Hint = secrets.Hide(a.Message), secrets.Hide(a.About), secrets.Hide(a.Hint)
	if a.Verdict != Later {
		return a, nil
	}
	if after, ok := export.ParseRetryAfter(a.Header.Get("Retry-After"), time.Now()); ok {
		return nil, export.RetryAfter(a, after)
	}
	return nil, a
}

// fail says which backend could not be asked. Neither its address nor what went
// wrong is told with what may be secret.
func (c *Client) fail(ctx context.Context, err error, secrets Secrets) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	remedy, stays := connection(err)
	err = fmt.Errorf("writing to %s: %w", BareAddress(c.config.Address), quietError{err, secrets})
	if remedy != "" {
		err = fmt.Errorf("%w: %s", err, remedy)
	}
	if stays {
		return settledError{err}
	}
	return err
}

// quietError is an error without secrets: one of net/http repeats an address that
// a backend redirects to and that is none.
type quietError struct {
	error
	secrets Secrets
}

// Error returns the text as one line.
func (e quietError) Error() string { return OneLine(e.secrets.Hide(e.error.Error())) }

// Unwrap returns the error as it was.
func (e quietError) Unwrap() error { return e.error }

// secretsOf returns what a request has given, if there is one, also that which a
// transport has added.
func (c *Client) secretsOf(r *http.Request) Secrets {
	all := SecretsOf(c.config.Header)
	if r != nil {
		all = append(all, SecretsOf(r.Header)...)
	}
	return append(all, c.config.Secrets...).sorted()
}
