package push

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
)

// Answer is what a backend says to a request. It is the error of one that is not
// accepted.
type Answer struct {
	Verdict Verdict
	// Code and Status are the number and the text of the status.
	Code   int
	Status string
	// From is the address that was asked, without its query.
	From string
	// Message is what the backend says, as one line.
	Message string
	// About is what of the request the answer is about, if anybody knows.
	About string
	// Hint says what to do.
	Hint   string
	Header http.Header
	// Body is what could be read of the body, without the space around it, and
	// Broken why that is not all.
	Body   []byte
	Broken error
	// Media is the type of the body without its parameters.
	Media string
}

// Error implements error.
func (a *Answer) Error() string {
	text := fmt.Sprintf("%s answers %s", a.From, a.Status)
	if a.Message != "" {
		text += ": " + a.Message
	}
	if a.About != "" {
		text += fmt.Sprintf(" (%s)", a.About)
	}
	if a.Hint != "" {
		text += ": " + a.Hint
	}
	return text
}

// IsPage reports whether the answer is a page of HTML: it comes from a proxy or a
// gateway, not from the backend.
func (a *Answer) IsPage() bool {
	return a.Media == "text/html" || bytes.HasPrefix(a.Body, []byte("<"))
}

// IsForeign reports whether the answer tells nothing of what is in the request: it
// is a page, or that of a server which was to be spoken to by TLS.
func (a *Answer) IsForeign() bool { return a.IsPage() || a.wantsTLS() }

func (a *Answer) wantsTLS() bool {
	return a.Code == http.StatusBadRequest && WantsTLS(string(a.Body))
}

// newAnswer reads an answer as far as all backends mean the same by it. The
// secrets are nowhere in it but in its headers.
func newAnswer(r *http.Response, hints Hints, secrets Secrets) *Answer {
	// A longer message is cut, and its connection not used again.
	const longest = 64 << 10
	body, err := io.ReadAll(io.LimitReader(r.Body, longest))
	text := secrets.Hide(string(body))
	a := &Answer{Verdict: verdictOf(r.StatusCode), Code: r.StatusCode, Status: OneLine(secrets.Hide(r.Status)),
		Hint: hints.of(r), Header: r.Header, Body: []byte(strings.TrimSpace(text)), Broken: err}
	a.Media, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if a.Message = OneLine(text); a.IsPage() {
		a.Message = "a page of HTML"
	}
	if a.wantsTLS() {
		a.Hint = "the server speaks TLS: give its address as https://"
	}
	return a
}

// OneLine makes a message fit into a line of a log: one without characters that
// do not print, of at most about 500 bytes.
func OneLine(s string) string {
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
