package influxdb

import (
	"bytes"
	"encoding/json"
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
	// later: the same request may be taken.
	later verdict = iota
	// refused: nothing is taken until somebody changes the configuration.
	refused
	// tooLarge: parts of the request may be taken.
	tooLarge
	// invalid: nothing of the request was taken, because of what is in it.
	invalid
	// partly: the request was taken but for what cannot be.
	partly
)

// answer is one that does not say that all is written. It is the error of the
// request.
type answer struct {
	verdict verdict
	from    string
	status  string
	message string
	// hint says what to do.
	hint string
	// line is the text of a line that was not taken, and number its number,
	// counted from 1, if the answer tells.
	line   string
	number int
	// dropped is how many lines were not taken, if the answer tells.
	dropped int
}

// Error implements error.
func (a *answer) Error() string {
	text := fmt.Sprintf("%s answers %s", a.from, a.status)
	if a.message != "" {
		text += ": " + a.message
	}
	if a.line != "" && !strings.Contains(a.message, a.line) {
		text += fmt.Sprintf(" (line %q)", a.line)
	}
	if a.hint != "" {
		text += ": " + a.hint
	}
	return text
}

// newAnswer returns nil for an answer that says that all is written.
func newAnswer(r *http.Response, body []byte) *answer {
	a := &answer{status: r.Status, verdict: verdictOf(r.StatusCode)}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body = bytes.TrimSpace(body)
	switch {
	case media == "text/html" || bytes.HasPrefix(body, []byte("<")):
		a.message = "a page of HTML"
	case r.StatusCode/100 == 2 && len(body) == 0:
		return nil
	default:
		a.readMessage(body)
		if a.message == "" {
			a.message = r.Header.Get("X-Influxdb-Error")
		}
	}
	a.message = oneLine(a.message)
	if a.verdict == invalid && strings.Contains(a.message, "partial write") {
		a.verdict = partly
		a.dropped = max(a.dropped, droppedOf(a.message))
	}
	a.hint = hintOf(r, media == "text/html")
	return a
}

func verdictOf(status int) verdict {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return tooLarge
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return invalid
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status/100 == 5:
		return later
	}
	return refused
}

// hintOf says what to do about an answer, where the status tells.
func hintOf(r *http.Response, page bool) string {
	switch {
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		return "check the user or token of the target, and what it may write to"
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusMethodNotAllowed:
		return "check the address, the version of the target and the names in it"
	case r.StatusCode/100 == 3:
		return fmt.Sprintf("give the address that it redirects to, %q", redacted(r))
	case page || r.StatusCode/100 == 2:
		return "check that the address is the database's"
	}
	return ""
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

// readMessage reads what version 1 says as error, 2 as message and line, and 3 as
// error and data.
func (a *answer) readMessage(body []byte) {
	var said struct {
		Error   string          `json:"error"`
		Message string          `json:"message"`
		Line    int             `json:"line"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &said) != nil {
		a.message = string(body)
		return
	}
	a.message, a.number = said.Message, said.Line
	if a.message == "" {
		a.message = said.Error
	}
	type fault struct {
		Line    string `json:"original_line"`
		Number  int    `json:"line_number"`
		Message string `json:"error_message"`
	}
	var faults []fault
	if json.Unmarshal(said.Data, &faults) != nil {
		faults = make([]fault, 1)
		if json.Unmarshal(said.Data, &faults[0]) != nil {
			return
		}
	}
	if len(faults) > 0 {
		a.line, a.number, a.dropped = faults[0].Line, faults[0].Number, len(faults)
		a.message += ": " + faults[0].Message
	}
}

// droppedOf reads how many lines version 1 says it dropped.
func droppedOf(message string) int {
	_, after, found := strings.Cut(message, "dropped=")
	if !found {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimRight(strings.Fields(after + " 0")[0], `"}.,`))
	if err != nil {
		return 0
	}
	return n
}

// position returns where the line is that was not taken, or an empty range if the
// answer does not tell.
func (a *answer) position(lines []byte) (from, to int) {
	if a.number > 0 {
		for n := 1; n < a.number; n++ {
			at := bytes.IndexByte(lines[from:], '\n')
			if at < 0 {
				return 0, 0
			}
			from += at + 1
		}
		return from, from + bytes.IndexByte(lines[from:], '\n') + 1
	}
	return 0, 0
}

// findLine names the line that was not taken, as far as the answer tells: by its
// number, or as the first of a measurement.
func (a *answer) findLine(lines []byte) {
	if a.line != "" {
		return
	}
	from, to := a.position(lines)
	if bytes.Count(lines, newline) == 1 {
		from, to = 0, len(lines)
	}
	if to > from {
		a.line = string(lines[from : to-1])
		return
	}
	_, quoted, found := strings.Cut(a.message, `measurement "`)
	measurement, _, _ := strings.Cut(quoted, `"`)
	if !found {
		return
	}
	start := appendEscaped(nil, measurement, specialMeasurement)
	for line := range bytes.Lines(lines) {
		if rest, is := bytes.CutPrefix(line, start); is && (rest[0] == ',' || rest[0] == ' ') {
			a.line = string(line[:len(line)-1])
			return
		}
	}
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
