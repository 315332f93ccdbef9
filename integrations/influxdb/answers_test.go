package influxdb

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

// TestAnswers holds what becomes of a batch of one point while a database answers
// in one way.
func TestAnswers(t *testing.T) {
	const page = "<!DOCTYPE html><html><body>Please log in</body></html>"
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		panic(http.ErrAbortHandler)
	}
	breakOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "{")
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		// attempts is how many there are while the answer stays the same, out of
		// the three there may be.
		attempts int
		rejected bool
		want     string
	}{
		"wrong credentials":   {status(401, `{"error":"authorization failed"}`), 1, false, `401 Unauthorized: authorization failed: check the user or token`},
		"no permission":       {status(403, `{"code":"forbidden","message":"insufficient permissions"}`), 1, false, "insufficient permissions"},
		"no such database":    {status(404, `{"error":"database not found: \"db\""}`), 1, false, `database not found: "db"`},
		"page":                {status(200, page, "Content-Type", "text/html; charset=utf-8"), 1, false, "200 OK: a page of HTML: check that the address"},
		"page without a type": {status(200, page, "Content-Type", "x/y"), 1, false, "a page of HTML"},
		"page of a gateway":   {status(502, page, "Content-Type", "text/html"), 3, false, "502 Bad Gateway: a page of HTML"},
		"redirect":            {status(302, "", "Location", "http://elsewhere.test/login?token=s3cret"), 1, false, `redirects to, "http://elsewhere.test/login"`},
		"success with words":  {status(200, `{"error":"partial"}`), 1, false, "200 OK: partial"},
		"overload":            {status(503, `{"error":"timeout"}`), 3, false, "503 Service Unavailable: timeout"},
		"half-closed":         {hangUp, 3, false, "EOF"},
		"breaks off":          {breakOff, 3, false, "breaks off"},
		"not parsed":          {status(400, `{"error":"unable to parse 'x': missing fields"}`), 1, true, "unable to parse"},
		"too large":           {status(413, "Request Entity Too Large"), 1, true, "413"},
		"by header":           {status(401, "", "X-Influxdb-Error", "no user"), 1, false, "no user"},
		"no text":             {status(400, "\x00\xff\n"+strings.Repeat("é", 300)), 1, true, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			mend := d.until(test.answer)
			e := d.exporter(t, V1{Database: "db", Username: "ann", Password: "s3cret"}, Options{Retry: export.Retry{Attempts: 3}})
			err := e.Export(t.Context(), totals(level("a")))
			switch {
			case err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cret"):
				t.Errorf("error is %v, want one with %q and no secret", err, test.want)
			case errors.Is(err, export.ErrRejected) != test.rejected:
				t.Errorf("rejected is not %t: %v", test.rejected, err)
			case strings.ContainsAny(err.Error(), "\x00\n"):
				t.Errorf("error has characters that do not print: %q", err)
			}
			if d.attempts() != test.attempts {
				t.Errorf("%d attempts, want %d", d.attempts(), test.attempts)
			}
			want := Stats{Attempts: uint64(test.attempts), Retries: uint64(test.attempts - 1), Failures: 1}
			if test.rejected {
				want.Rejected = 1
			}
			if got := e.Stats(); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
			mend()
			if err := e.Export(t.Context(), totals(level("a"))); err != nil || len(d.requests()) != 1 {
				t.Errorf("afterwards: %v, %d requests", err, len(d.requests()))
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
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		start := time.Now()
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if times = append(times, time.Since(start)); len(times) < 3 {
				return canned(429, "Retry-After", "7"), nil
			}
			return canned(204), nil
		})}
		e, err := New("http://host", V1{Database: "db"}, Options{Client: client})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Export(t.Context(), totals(level("a"))); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 7 * time.Second, 14 * time.Second}; !slices.Equal(times, want) {
			t.Errorf("attempts after %v, want %v", times, want)
		}
		times = nil
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start = time.Now()
		err = e.Export(ctx, totals(level("a")))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("a database that asks for more time than there is: %v after %v", err, time.Since(start))
		}
	})
}

func TestHangingDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		e, err := New("http://host", V1{Database: "db"}, Options{
			Client: client, Timeout: 3 * time.Second, Retry: export.Retry{Attempts: 2, Jitter: -1}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = e.Export(t.Context(), totals(level("a")))
		if err == nil || !strings.Contains(err.Error(), "no answer within 3s") || errors.Is(err, export.ErrRejected) {
			t.Errorf("error is %v", err)
		}
		if got, want := time.Since(start), 3*time.Second+export.DefaultRetryInitial+3*time.Second; got != want {
			t.Errorf("gave up after %v, want %v", got, want)
		}
	})
}

// Lines that the database does not take are found, named and left out.
func TestInvalidLines(t *testing.T) {
	bad := func(line string) bool { return strings.Contains(line, "0007") || strings.Contains(line, "0800") }
	for name, answer := range map[string]func(body string, number int, line string) string{
		"by number": func(_ string, n int, _ string) string {
			return fmt.Sprintf(`{"code":"invalid","message":"no","line":%d}`, n)
		},
		"not named": func(string, int, string) string { return `{"error":"something is wrong"}` },
		"version 3": func(_ string, n int, l string) string {
			return fmt.Sprintf(`{"error":"no","data":{"original_line":%q,"line_number":%d,"error_message":"bad"}}`, l, n)
		},
		"plain text": func(string, int, string) string { return "no" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.until(func(w http.ResponseWriter, r *http.Request) {
				body := bodyOf(w, r)
				for i, line := range slices.Collect(strings.Lines(body)) {
					if bad(line) {
						status(http.StatusBadRequest, answer(body, i+1, strings.TrimSpace(line)))(w, r)
						return
					}
				}
				r.Body = io.NopCloser(strings.NewReader(body))
				r.Header.Del("Content-Encoding")
				d.take(w, r)
			})
			e := d.exporter(t, V2{Org: "o", Bucket: "b"}, Options{})
			err := e.Export(t.Context(), totals(many(1000)))
			if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "2 points were not taken") ||
				!strings.Contains(err.Error(), "level,l=0") {
				t.Errorf("error is %v", err)
			}
			lines := mustDecode(t, d.text())
			if len(lines) != 998 || slices.ContainsFunc(lines, func(l line) bool { return bad(l.tags["l"]) }) {
				t.Errorf("%d lines arrive, want 998", len(lines))
			}
			if s := e.Stats(); s.Delivered != 998 || s.Rejected != 2 {
				t.Errorf("counted %+v", s)
			}
		})
	}
}

// A database that takes nothing is not asked for ever.
func TestNothingIsTaken(t *testing.T) {
	d := newDouble(t)
	d.until(status(http.StatusBadRequest, "no"))
	e := d.exporter(t, V1{Database: "db"}, Options{})
	err := e.Export(t.Context(), totals(many(1000)))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "1000 points were not taken") {
		t.Errorf("error is %v", err)
	}
	if d.attempts() > 2*maxSearches+1 {
		t.Errorf("%d attempts", d.attempts())
	}
}

func TestPartialWrite(t *testing.T) {
	for name, test := range map[string]struct{ answer, line string }{
		"type conflict": {`{"error":"partial write: field type conflict: input field \"value\" on measurement \"level\" is type float, already exists as type integer dropped=2"}`,
			`line "level,l=0000 value=0 1772366400123456789"`},
		"not parsed": {`{"error":"partial write: unable to parse 'level,l=0000 value=': missing field value dropped=2"}`, "'level,l=0000 value='"},
		"version 3": {`{"error":"partial write of line protocol occurred","data":[{"original_line":"level,l=0001 value=0","line_number":2,"error_message":"no"},{"line_number":3}]}`,
			`line "level,l=0001 value=0"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.until(status(http.StatusBadRequest, test.answer))
			e := d.exporter(t, V1{Database: "db"}, Options{})
			err := e.Export(t.Context(), totals(many(10)))
			if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), test.line) ||
				!strings.Contains(err.Error(), "2 points were not taken") {
				t.Errorf("error is %v", err)
			}
			if s := e.Stats(); s.Delivered != 8 || s.Rejected != 2 || d.attempts() != 1 {
				t.Errorf("counted %+v in %d attempts", s, d.attempts())
			}
		})
	}
}

// Only the same request goes where a redirect leads, and not to another host.
func TestRedirects(t *testing.T) {
	other := newDouble(t)
	d := newDouble(t)
	d.answer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	e := d.exporter(t, V2{Org: "o", Bucket: "b", Token: "t"}, Options{})
	if err := e.Export(t.Context(), totals(level("a"))); err != nil {
		t.Fatal(err)
	}
	if r := d.requests(); len(r) != 1 || r[0].path != "/elsewhere" || !strings.HasPrefix(r[0].body, "level") {
		t.Errorf("requests are %v", r)
	}
	for _, code := range []int{301, 302, 303} {
		d.answer(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", code) })
		if err := e.Export(t.Context(), totals(level("a"))); err == nil || !strings.Contains(err.Error(), "redirects to") {
			t.Errorf("a redirect with %d to a page: %v", code, err)
		}
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		d.answer(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, code) })
		if err := e.Export(t.Context(), totals(level("a"))); err == nil || errors.Is(err, export.ErrRejected) {
			t.Errorf("a redirect with %d to another host: %v", code, err)
		}
	}
	if other.attempts() != 0 {
		t.Error("another host was asked")
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close()
	e, err := New(address, V1{Database: "db"}, Options{Retry: export.Retry{Attempts: -1}})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Export(t.Context(), totals(level("a")))
	if err == nil || errors.Is(err, export.ErrRejected) || strings.Count(err.Error(), address) != 1 {
		t.Errorf("error is %v", err)
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
	e, err := New(halfClosed(t), V1{Database: "db"}, Options{Retry: export.Retry{Attempts: 2, Initial: time.Millisecond}})
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
