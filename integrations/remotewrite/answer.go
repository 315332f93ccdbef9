package remotewrite

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// verdict says what follows from an answer.
type verdict uint8

const (
	// accepted: the request is taken, as far as the status tells.
	accepted verdict = iota
	// later: the same request may be taken.
	later
	// refused: nothing is taken until somebody changes the configuration.
	refused
	// unsupported: the version of the protocol is not known.
	unsupported
	// tooLarge: parts of the request may be taken.
	tooLarge
	// invalid: some of the request, or all, will never be taken.
	invalid
)

// answer is what a receiver says. It is the error of a request that is not taken.
type answer struct {
	verdict verdict
	code    int
	from    string
	status  string
	message string
	// hint says what to do.
	hint string
	// confirms says that the receiver knows version 2: it tells how many samples
	// and histograms are written.
	confirms           bool
	samples, exemplars int
}

// Error implements error.
func (a *answer) Error() string {
	text := fmt.Sprintf("%s answers %s", a.from, a.status)
	if a.message != "" {
		text += ": " + a.message
	}
	if a.hint != "" {
		text += ": " + a.hint
	}
	return text
}

func newAnswer(r *http.Response, body []byte) *answer {
	a := &answer{verdict: verdictOf(r.StatusCode), code: r.StatusCode, status: r.Status, message: oneLine(string(body))}
	for name, into := range map[string]*int{"Samples": &a.samples, "Histograms": &a.samples, "Exemplars": &a.exemplars} {
		n, err := strconv.Atoi(r.Header.Get("X-Prometheus-Remote-Write-" + name + "-Written"))
		if err == nil && n >= 0 {
			a.confirms = true
			*into += n
		}
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	page := media == "text/html" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
	if page {
		a.message = "a page of HTML"
	}
	switch {
	case page && a.verdict == accepted:
		a.verdict, a.hint = refused, "check that the address is the receiver's"
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		a.hint = "check the credentials of the client, and the tenant in its headers"
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusMethodNotAllowed:
		a.hint = "check the address, and that the receiver is enabled there"
	case r.StatusCode/100 == 3:
		a.hint = fmt.Sprintf("give the address that it redirects to, %q", redacted(r))
	}
	return a
}

func verdictOf(status int) verdict {
	switch {
	case status/100 == 2:
		return accepted
	case status == http.StatusUnsupportedMediaType:
		return unsupported
	case status == http.StatusRequestEntityTooLarge:
		return tooLarge
	case status == http.StatusTooManyRequests, status/100 == 5:
		return later
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired:
		return refused
	}
	if status/100 == 4 {
		return invalid
	}
	return refused
}

// redacted returns where a redirect leads, without a query.
func redacted(r *http.Response) string {
	to, err := r.Location()
	if err != nil {
		return ""
	}
	to.RawQuery, to.User = "", nil
	return to.String()
}

// oneLine makes a message fit into a line of a log.
func oneLine(s string) string {
	const longest = 500
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(s))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + " …"
	}
	return s
}
