package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
)

// TestAnswers holds what becomes of a batch of one point while a receiver answers
// in one way.
func TestAnswers(t *testing.T) {
	const page = "<!DOCTYPE html><html><body>Please log in</body></html>"
	for name, test := range map[string]struct {
		version Version
		answer  answering
		// attempts is how many there are, where each request may have three.
		attempts int
		rejected bool
		want     string
	}{
		"wrong credentials":  {Version2, status(401, "no such user"), 1, false, "401 Unauthorized: no such user: check the credentials"},
		"no permission":      {Version1, status(403, ""), 1, false, "403 Forbidden: check the credentials"},
		"no receiver":        {Version2, status(404, "404 page not found"), 1, false, "check the address, and that the receiver is enabled"},
		"page":               {Version1, status(200, page, "Content-Type", "text/html; charset=utf-8"), 1, false, "a page of HTML: check that the address"},
		"page, negotiated":   {Negotiate, status(200, page), 1, false, "a page of HTML: check that the address"},
		"page of a gateway":  {Version2, status(502, page, "Content-Type", "text/html"), 3, false, "502 Bad Gateway: a page of HTML"},
		"redirect":           {Version2, status(302, "", "Location", "http://elsewhere.test/login?token=s3cret"), 1, false, `redirects to, "http://elsewhere.test/login"`},
		"overload":           {Version2, status(429, "slow down"), 3, false, "429 Too Many Requests: slow down"},
		"failure":            {Version1, status(500, "disk full"), 3, false, "disk full"},
		"half-closed":        {Version2, func(http.ResponseWriter, *http.Request, written) bool { panic(http.ErrAbortHandler) }, 3, false, "EOF"},
		"out of order":       {Version2, status(400, "out of order sample"), 1, true, "1 samples were not taken"},
		"message":            {Version1, status(400, "out of order sample"), 1, true, "out of order sample"},
		"conflict":           {Version1, status(409, "conflict"), 1, true, "409 Conflict"},
		"limit":              {Version1, status(422, "too many series"), 1, true, "too many series"},
		"too large":          {Version1, status(413, "too large"), 1, true, "too large"},
		"neither version":    {Negotiate, status(415, "only json"), 2, false, "only json: the receiver knows this version of remote write no more, or none"},
		"not version 2":      {Version2, status(415, "only 1.0"), 1, false, "let the exporter Negotiate"},
		"not version 1":      {Version1, status(415, "only 2.0"), 1, false, "let the exporter Negotiate"},
		"not confirmed":      {Version2, status(204, ""), 1, false, "does not say what it has written"},
		"nothing is written": {Version2, status(204, "", "X-Prometheus-Remote-Write-Samples-Written", "0"), 1, true, "has written less than it was given"},
		"long and odd":       {Version1, status(400, "\x00\xff\n"+strings.Repeat("é", 300)), 1, true, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			mend := d.until(test.answer)
			e := d.exporter(t, Options{Version: test.version, Retry: export.Retry{Attempts: 3}})
			err := e.Export(t.Context(), totals(level("a")))
			switch {
			case err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret"):
				t.Errorf("error is %v, want one with %q and no secret", err, test.want)
			case errors.Is(err, export.ErrRejected) != test.rejected:
				t.Errorf("rejected is not %t: %v", test.rejected, err)
			case strings.ContainsRune(err.Error(), 0):
				t.Errorf("error has characters that do not print: %q", err)
			}
			if n := len(d.attempts()); n != test.attempts {
				t.Errorf("%d attempts, want %d", n, test.attempts)
			}
			rejected := uint64(0)
			if test.rejected {
				rejected = 1
			}
			if got := e.Stats(); got.Rejected != rejected || got.Delivered != 0 || got.Failures != 1 || int(got.Attempts) != test.attempts {
				t.Errorf("counted %+v", got)
			}
			mend()
			mustExport(t, e, after(time.Second, level("a")))
			if len(d.samples()) != 1 || e.Stats().Delivered != 1 {
				t.Errorf("afterwards: %v, counted %+v", d.samples(), e.Stats())
			}
		})
	}
}

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func canned(code int, header ...string) *http.Response {
	r := &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: http.Header{}, Body: http.NoBody}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestRetryAfterIsKept(t *testing.T) {
	for _, code := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			var times []time.Duration
			start := time.Now()
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				if times = append(times, time.Since(start)); len(times) < 3 {
					return canned(code, "Retry-After", "7"), nil
				}
				return canned(204), nil
			})}
			e, err := New("http://host", Options{Version: Version1, Client: client})
			if err != nil {
				t.Fatal(err)
			}
			mustExport(t, e, totals(level("a")))
			if want := []time.Duration{0, 7 * time.Second, 14 * time.Second}; !slices.Equal(times, want) {
				t.Errorf("attempts after %v, want %v", times, want)
			}
			times = nil
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start = time.Now()
			err = e.Export(ctx, totals(level("a")))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
				t.Errorf("a receiver that asks for more time than there is: %v after %v", err, time.Since(start))
			}
		})
	}
}

func TestHangingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		e, err := New("http://host", Options{Client: client, Timeout: 3 * time.Second, MaxSamples: 10,
			Retry: export.Retry{Attempts: 2, Jitter: -1}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = e.Export(t.Context(), totals(many(100)))
		if err == nil || !strings.Contains(err.Error(), "no answer within 3s") || errors.Is(err, export.ErrRejected) {
			t.Errorf("error is %v", err)
		}
		if got, want := time.Since(start), 3*time.Second+export.DefaultRetryInitial+3*time.Second; got != want {
			t.Errorf("gave up after %v, want %v", got, want)
		}
	})
}

// A response whose body never ends does not hold up what it says at once.
func TestEndlessAnswer(t *testing.T) {
	d := newDouble(t)
	d.until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
		confirm(w, asked, 0)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("more ", 1000)); err != nil {
				break
			}
		}
		return true
	})
	mustExport(t, d.exporter(t, Options{}), totals(level("a")))
}

func TestPartialWrite(t *testing.T) {
	for name, partly := range map[string]answering{
		"400": func(w http.ResponseWriter, _ *http.Request, asked written) bool {
			confirm(w, asked, 3)
			http.Error(w, "3 samples are out of order", http.StatusBadRequest)
			return true
		},
		"204": func(w http.ResponseWriter, _ *http.Request, asked written) bool {
			confirm(w, asked, 3)
			w.WriteHeader(http.StatusNoContent)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.answer(partly)
			e := d.exporter(t, Options{})
			err := e.Export(t.Context(), totals(many(10)))
			if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "3 samples were not taken") {
				t.Errorf("error is %v", err)
			}
			if s := e.Stats(); s.Delivered != 7 || s.Rejected != 3 || s.Version != Version2 {
				t.Errorf("counted %+v", s)
			}
		})
	}
}

// What one request holds that is not taken costs the others nothing.
func TestRejectedBesideDelivered(t *testing.T) {
	d := newDouble(t)
	has := func(asked written, label string) bool {
		return slices.ContainsFunc(asked.samples, func(s sample) bool { return s.labels["l"] == label })
	}
	rejecting := func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if has(asked, "0042") {
			w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", "0")
			http.Error(w, "bad 0042", http.StatusBadRequest)
			return false
		}
		return take(w, r, asked)
	}
	d.until(rejecting)
	e := d.exporter(t, Options{MaxSamples: 10})
	err := e.Export(t.Context(), totals(many(100)))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "bad 0042") || len(d.samples()) != 90 {
		t.Errorf("error is %v, %d samples arrive", err, len(d.samples()))
	}
	// If another one has to be repeated, so has the batch.
	d.until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if has(asked, "0007") {
			return status(503, "no")(w, r, asked)
		}
		return rejecting(w, r, asked)
	})
	if err := e.Export(t.Context(), after(time.Second, many(100))); err == nil || errors.Is(err, export.ErrRejected) {
		t.Errorf("error is %v", err)
	}
}

func TestRedirects(t *testing.T) {
	other := newDouble(t)
	d := newDouble(t)
	redirect := func(to string, code int) answering {
		return func(w http.ResponseWriter, r *http.Request, _ written) bool {
			http.Redirect(w, r, to, code)
			return false
		}
	}
	e := d.exporter(t, Options{})
	d.answer(redirect("/elsewhere", 307))
	mustExport(t, e, totals(level("a")))
	for _, code := range []int{301, 302, 303} {
		d.answer(redirect("/login", code))
		if err := e.Export(t.Context(), after(time.Second, level("a"))); err == nil || !strings.Contains(err.Error(), "redirects to") {
			t.Errorf("a redirect with %d to a page: %v", code, err)
		}
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		d.answer(redirect(other.URL, code))
		if err := e.Export(t.Context(), after(time.Second, level("a"))); err == nil || errors.Is(err, export.ErrRejected) {
			t.Errorf("a redirect with %d to another host: %v", code, err)
		}
	}
	if len(other.attempts()) != 0 {
		t.Error("another host was asked")
	}
}

// halfClosed returns the address of a server that closes its side of every
// connection at once, and listens on.
func halfClosed(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer c.Close()
				// That the client is gone is all there is to learn.
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	return "http://" + l.Addr().String()
}

func TestHalfClosedConnections(t *testing.T) {
	e, err := New(halfClosed(t), Options{Retry: export.Retry{Attempts: 2, Initial: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Export(t.Context(), totals(level("a")))
	if err == nil || errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("error is %v", err)
	}
	if s := e.Stats(); s.Delivered != 0 || s.Failures != 1 || s.Attempts != 2 {
		t.Errorf("counted %+v", s)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
