package push_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

var errOdd = errors.New("odd answer")

// answering returns a client whose requests are answered so, and its counts.
func answering(t *testing.T, c push.Config, answer pushtest.RoundTrip) (*push.Client, *push.Counts) {
	t.Helper()
	to, err := url.Parse("http://host/write?key=" + pushtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	counts := new(push.Counts)
	c.Address, c.Counts, c.HTTP = to, counts, &http.Client{Transport: answer}
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	c.Retry = export.Retry{Attempts: 2, Initial: time.Second, Jitter: -1}
	return push.NewClient(c), counts
}

// plain is a request of a protocol that adds nothing.
func plain() push.Request {
	return push.Request{Body: []byte("body"), Prepare: func(*http.Request) {}, Judge: func(*push.Answer) error { return nil }}
}

func TestRequest(t *testing.T) {
	header := http.Header{"X-Team": {"a"}, "Content-Type": {"theirs"}}
	c, _ := answering(t, push.Config{Header: header}, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "body" || r.Method != http.MethodPost || r.URL.RawQuery != "key="+pushtest.Secret {
			t.Errorf("%s %v of %q, %v", r.Method, r.URL, body, err)
		}
		if r.Header.Get("X-Team") != "a" || r.Header.Get("Content-Type") != "ours" {
			t.Errorf("headers are %v", r.Header)
		}
		r.Header["X-Team"][0] = "changed"
		return pushtest.Canned(http.StatusNoContent), nil
	})
	r := plain()
	r.Prepare = func(r *http.Request) { r.Header.Set("Content-Type", "ours") }
	if _, err := c.Post(t.Context(), t.Context(), r); err != nil || header.Get("X-Team") != "a" {
		t.Errorf("%v, and then the headers are %v", err, header)
	}
}

// What a protocol takes for no answer is repeated, and counted as every failure.
func TestJudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, counts := answering(t, push.Config{}, func(*http.Request) (*http.Response, error) {
			return pushtest.Canned(http.StatusNoContent), nil
		})
		begun := 0
		r := plain()
		r.Begin = func() { begun++ }
		r.Judge = func(*push.Answer) error { return errOdd }
		_, err := c.Post(t.Context(), t.Context(), r)
		if !errors.Is(err, errOdd) || err.Error() != "writing to http://host/write: odd answer" || begun != 1 {
			t.Errorf("error is %v, begun %d times", err, begun)
		}
		if a, r, f := counts.Attempts.Load(), counts.Retries.Load(), counts.Failures.Load(); a != 2 || r != 1 || f != 1 {
			t.Errorf("counted %d attempts, %d retries, %d failures", a, r, f)
		}
		r.Judge = func(a *push.Answer) error {
			a.Verdict = push.Invalid
			return nil
		}
		if a, err := c.Post(t.Context(), t.Context(), r); err != nil || a.Verdict != push.Invalid || counts.Attempts.Load() != 3 {
			t.Errorf("answer is %+v, %v", a, err)
		}
	})
}

// An attempt that has begun goes on after goOn has ended, and no other begins.
func TestTwoContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn, cancel := context.WithCancelCause(t.Context())
		c, counts := answering(t, push.Config{}, func(r *http.Request) (*http.Response, error) {
			cancel(errOdd)
			if r.Context().Err() != nil {
				return nil, r.Context().Err()
			}
			return pushtest.Canned(http.StatusNoContent), nil
		})
		if a, err := c.Post(t.Context(), goOn, plain()); err != nil || a.Verdict != push.Accepted {
			t.Errorf("answer is %+v, %v", a, err)
		}
		if _, err := c.Post(t.Context(), goOn, plain()); !errors.Is(err, errOdd) || counts.Attempts.Load() != 1 {
			t.Errorf("error is %v after %d attempts", err, counts.Attempts.Load())
		}
	})
}

// TestPushing holds a client to what exporters are held to.
func TestPushing(t *testing.T) {
	pushtest.Check(t, func(t *testing.T, o pushtest.Options) (export.Exporter, *push.Counts) {
		to, err := url.Parse(o.Address)
		if err != nil {
			t.Fatal(err)
		}
		if o.Timeout == 0 {
			o.Timeout = 10 * time.Second
		}
		counts := new(push.Counts)
		return exporter{push.NewClient(push.Config{
			Address: to, HTTP: o.Client, Timeout: o.Timeout, Retry: o.Retry, Counts: counts})}, counts
	})
}

// exporter writes a request for every batch.
type exporter struct{ client *push.Client }

func (e exporter) Export(ctx context.Context, _ *export.Batch) error {
	a, err := e.client.Post(ctx, ctx, plain())
	if err == nil && a.Verdict != push.Accepted {
		err = a
	}
	return err
}

func (e exporter) Shutdown(context.Context) error {
	e.client.Close()
	return nil
}

// A body without an end is cut.
func TestEndlessAnswer(t *testing.T) {
	c, _ := answering(t, push.Config{}, func(*http.Request) (*http.Response, error) {
		r := pushtest.Canned(http.StatusBadRequest)
		r.Body = io.NopCloser(endless{})
		return r, nil
	})
	a, err := c.Post(t.Context(), t.Context(), plain())
	if err != nil || len(a.Body) != 64<<10 || len(a.Message) > 600 || !strings.HasPrefix(a.Message, "xxx") {
		t.Errorf("%d bytes are read, %v", len(a.Body), err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}
