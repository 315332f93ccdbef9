package remotewrite

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

// TestAnswers holds what becomes of a batch of one point while a receiver answers
// in one way.
func TestAnswers(t *testing.T) {
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
		"page":               {Version1, status(200, pushtest.Page, "Content-Type", "text/html; charset=utf-8"), 1, false, "a page of HTML: check that the address"},
		"page, negotiated":   {Negotiate, status(200, pushtest.Page), 1, false, "a page of HTML: check that the address"},
		"page of 400":        {Version1, status(400, pushtest.Page), 1, false, "a page of HTML: check that the address"},
		"page of 422":        {Version2, status(422, pushtest.Page), 1, false, "a page of HTML: check that the address"},
		"TLS":                {Version1, status(400, "Client sent an HTTP request to an HTTPS server.\n"), 1, false, "give its address as https://"},
		"TLS, negotiated":    {Negotiate, status(400, "Client sent an HTTP request to an HTTPS server.\n"), 1, false, "give its address as https://"},
		"repeats the query":  {Version1, status(401, "no key s3cret"), 1, false, "no key [hidden]"},
		"page of a gateway":  {Version2, status(502, pushtest.Page, "Content-Type", "text/html"), 3, false, "502 Bad Gateway: a page of HTML"},
		"redirect":           {Version2, status(302, "", "Location", "http://elsewhere.test/login?token=s3cret"), 1, false, `redirects to, "http://elsewhere.test/login"`},
		"overload":           {Version2, status(429, "slow down"), 3, false, "429 Too Many Requests: slow down"},
		"failure":            {Version1, status(500, "disk full"), 3, false, "disk full"},
		"half-closed":        {Version2, pushtest.HangUp[written], 3, false, "EOF"},
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
			mend := d.Until(test.answer)
			e := d.exporter(t, Options{Version: test.version, Retry: export.Retry{Attempts: 3}})
			err := e.Export(t.Context(), totals(level("a")))
			pushtest.Failure{Contains: test.want, Rejected: test.rejected}.Check(t, err)
			if n := len(d.Attempts()); n != test.attempts {
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

// TestPushing holds what all exporters do alike that push.
func TestPushing(t *testing.T) {
	pushtest.Check(t, func(t *testing.T, o pushtest.Options) (export.Exporter, *push.Counts) {
		e, err := New(o.Address, Options{Version: Version1, MaxSamples: 10, Client: o.Client, Timeout: o.Timeout, Retry: o.Retry})
		if err != nil {
			t.Fatal(err)
		}
		return e, &e.counts.Counts
	})
}

// A response whose body never ends does not hold up what it says at once.
func TestEndlessAnswer(t *testing.T) {
	d := newDouble(t)
	d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
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
			d.Answer(partly)
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
	d.Until(rejecting)
	e := d.exporter(t, Options{MaxSamples: 10})
	err := e.Export(t.Context(), totals(many(100)))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "bad 0042") || len(d.samples()) != 90 {
		t.Errorf("error is %v, %d samples arrive", err, len(d.samples()))
	}
	// If another one has to be repeated, so has the batch.
	d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
		if has(asked, "0007") {
			return status(503, "no")(w, r, asked)
		}
		return rejecting(w, r, asked)
	})
	if err := e.Export(t.Context(), after(time.Second, many(100))); err == nil || errors.Is(err, export.ErrRejected) {
		t.Errorf("error is %v", err)
	}
}

// A receiver that repeats what a transport or the options added does not get it
// into errors.
func TestCredentialsAreInNoError(t *testing.T) {
	d := newDouble(t)
	d.Until(func(w http.ResponseWriter, r *http.Request, _ written) bool {
		http.Error(w, "no "+r.Header.Get("Authorization")+" and "+r.Header.Get("X-Key"), http.StatusUnauthorized)
		return false
	})
	e := d.exporter(t, Options{Header: http.Header{"X-Key": {pushtest.Secret + "2"}}, Client: &http.Client{
		Transport: BearerToken(nil, func(context.Context) (string, error) { return pushtest.Secret, nil })}})
	pushtest.Failure{Contains: "no [hidden] and [hidden]"}.Check(t, e.Export(t.Context(), totals(level("a"))))
}
