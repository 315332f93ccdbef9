package influxdb

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

// TestAnswers holds what becomes of a batch of one point while a database answers
// in one way.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer answering
		// attempts is how many there are while the answer stays the same, out of
		// the three there may be.
		attempts int
		rejected bool
		want     string
	}{
		"wrong credentials":   {status(401, `{"error":"authorization failed"}`), 1, false, `401 Unauthorized: authorization failed: check the user or token`},
		"no permission":       {status(403, `{"code":"forbidden","message":"insufficient permissions"}`), 1, false, "insufficient permissions"},
		"no such database":    {status(404, `{"error":"database not found: \"db\""}`), 1, false, `database not found: "db"`},
		"page":                {status(200, pushtest.Page, "Content-Type", "text/html; charset=utf-8"), 1, false, "200 OK: a page of HTML: check that the address"},
		"page without a type": {status(200, pushtest.Page, "Content-Type", "x/y"), 1, false, "a page of HTML"},
		"page of 400":         {status(400, pushtest.Page), 1, false, "a page of HTML: check that the address"},
		"page of 422":         {status(422, pushtest.Page, "Content-Type", "text/html"), 1, false, "a page of HTML: check that the address"},
		"TLS":                 {status(400, "Client sent an HTTP request to an HTTPS server.\n"), 1, false, "give its address as https://"},
		"TLS, by a page":      {status(400, "<html><title>400 The plain HTTP request was sent to HTTPS port</title>"), 1, false, "give its address as https://"},
		"repeats a password":  {status(401, `{"error":"no ann:s3cret or YW5uOnMzY3JldA=="}`, "X-Influxdb-Error", "s3cret"), 1, false, "no ann:[hidden] or [hidden]"},
		"by a header":         {status(401, "", "X-Influxdb-Error", "no s3cret"), 1, false, "no [hidden]"},
		"page of a gateway":   {status(502, pushtest.Page, "Content-Type", "text/html"), 3, false, "502 Bad Gateway: a page of HTML"},
		"redirect":            {status(302, "", "Location", "http://elsewhere.test/login?token=s3cret"), 1, false, `redirects to, "http://elsewhere.test/login"`},
		"success with words":  {status(200, `{"error":"partial"}`), 1, false, "200 OK: partial"},
		"overload":            {status(503, `{"error":"timeout"}`), 3, false, "503 Service Unavailable: timeout"},
		"half-closed":         {pushtest.HangUp[written], 3, false, "EOF"},
		"breaks off":          {pushtest.BreakOff[written], 3, false, "breaks off"},
		"not parsed":          {status(400, `{"error":"unable to parse 'x': missing fields"}`), 1, true, "unable to parse"},
		"too large":           {status(413, "Request Entity Too Large"), 1, true, "413"},
		"by header":           {status(401, "", "X-Influxdb-Error", "no user"), 1, false, "no user"},
		"no text":             {status(400, "\x00\xff\n"+strings.Repeat("é", 300)), 1, true, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			mend := d.Until(test.answer)
			e := d.exporter(t, V1{Database: "db", Username: "ann", Password: pushtest.Secret}, Options{Retry: export.Retry{Attempts: 3}})
			err := e.Export(t.Context(), totals(level("a")))
			pushtest.Failure{Contains: test.want, Rejected: test.rejected}.Check(t, err)
			if n := len(d.Attempts()); n != test.attempts {
				t.Errorf("%d attempts, want %d", n, test.attempts)
			}
			want := Stats{Attempts: uint64(test.attempts), Retries: uint64(test.attempts - 1), Failures: 1}
			if test.rejected {
				want.Rejected = 1
			}
			if got := e.Stats(); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
			mend()
			if err := e.Export(t.Context(), totals(level("a"))); err != nil || len(d.Requests()) != 1 {
				t.Errorf("afterwards: %v, %d requests", err, len(d.Requests()))
			}
		})
	}
}

// TestPushing holds what all exporters do alike that push.
func TestPushing(t *testing.T) {
	pushtest.Check(t, func(t *testing.T, o pushtest.Options) (export.Exporter, *push.Counts) {
		e, err := New(o.Address, V1{Database: "db"}, Options{Client: o.Client, Timeout: o.Timeout, Retry: o.Retry})
		if err != nil {
			t.Fatal(err)
		}
		return e, &e.counts.Counts
	})
}

// Lines that the database does not take are found, named and left out.
func TestInvalidLines(t *testing.T) {
	bad := func(line string) bool { return strings.Contains(line, "0007") || strings.Contains(line, "0800") }
	for name, answer := range map[string]func(number int, line string) string{
		"by number": func(n int, _ string) string {
			return fmt.Sprintf(`{"code":"invalid","message":"no","line":%d}`, n)
		},
		"not named": func(int, string) string { return `{"error":"something is wrong"}` },
		"version 3": func(n int, l string) string {
			return fmt.Sprintf(`{"error":"no","data":{"original_line":%q,"line_number":%d,"error_message":"bad"}}`, l, n)
		},
		"plain text": func(int, string) string { return "no" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
				for i, line := range slices.Collect(strings.Lines(asked.body)) {
					if bad(line) {
						return status(http.StatusBadRequest, answer(i+1, strings.TrimSpace(line)))(w, r, asked)
					}
				}
				return take(w, r, asked)
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
	d.Until(status(http.StatusBadRequest, "no"))
	e := d.exporter(t, V1{Database: "db"}, Options{})
	err := e.Export(t.Context(), totals(many(1000)))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "1000 points were not taken") {
		t.Errorf("error is %v", err)
	}
	if n := len(d.Attempts()); n > 2*maxSearches+1 {
		t.Errorf("%d attempts", n)
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
			d.Until(status(http.StatusBadRequest, test.answer))
			e := d.exporter(t, V1{Database: "db"}, Options{})
			err := e.Export(t.Context(), totals(many(10)))
			if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), test.line) ||
				!strings.Contains(err.Error(), "2 points were not taken") {
				t.Errorf("error is %v", err)
			}
			if s := e.Stats(); s.Delivered != 8 || s.Rejected != 2 || len(d.Attempts()) != 1 {
				t.Errorf("counted %+v in %d attempts", s, len(d.Attempts()))
			}
		})
	}
}
