package influxdb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/metertree/metertree/integrations/internal/push"
)

// answer is one with what it tells of lines.
type answer struct {
	*push.Answer
	// partly says that the request was taken but for what cannot be.
	partly bool
	// line is the text of a line that was not taken, and number its number,
	// counted from 1, if the answer tells.
	line   string
	number int
	// dropped is how many lines were not taken, if the answer tells.
	dropped int
}

// judge reads an answer of the database. It fails if one that says that all is
// written breaks off.
func judge(general *push.Answer) (answer, error) {
	a := answer{Answer: general}
	if a.Verdict == push.Accepted && a.Broken != nil {
		return a, fmt.Errorf("the answer %s breaks off: %w", a.Status, a.Broken)
	}
	a.Verdict = verdictOf(general)
	if a.Verdict == push.Accepted {
		return a, nil
	}
	if !a.IsPage() {
		a.readMessage()
	}
	if a.Verdict == push.Invalid && strings.Contains(a.Message, "partial write") {
		a.partly = true
		a.dropped = max(a.dropped, droppedOf(a.Message))
	}
	if a.Hint == "" && (a.IsPage() || a.Code/100 == 2) {
		a.Hint = "check that the address is the database's"
	}
	return a, nil
}

// verdictOf adds what InfluxDB means by a status, unless something in front of it
// has answered, and that it has nothing to say when all is written: words come
// from something else.
func verdictOf(a *push.Answer) push.Verdict {
	switch {
	case (a.Code == http.StatusBadRequest || a.Code == http.StatusUnprocessableEntity) && !a.IsForeign():
		return push.Invalid
	case a.Code == http.StatusRequestTimeout:
		return push.Later
	case a.Verdict == push.Accepted && (a.IsPage() || len(a.Body) > 0):
		return push.Refused
	}
	return a.Verdict
}

// readMessage reads what version 1 says as error, 2 as message and line, and 3 as
// error and data, or else what the headers say.
func (a *answer) readMessage() {
	var said struct {
		Error   string          `json:"error"`
		Message string          `json:"message"`
		Line    int             `json:"line"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(a.Body, &said) == nil {
		a.Message, a.number = said.Message, said.Line
		if a.Message == "" {
			a.Message = said.Error
		}
		a.readFaults(said.Data)
	}
	if a.Message == "" {
		a.Message = a.Header.Get("X-Influxdb-Error")
	}
	a.Message = push.OneLine(a.Message)
	if a.line != "" {
		a.name(a.line)
	}
}

// readFaults reads what version 3 says of one line or of several.
func (a *answer) readFaults(data []byte) {
	type fault struct {
		Line    string `json:"original_line"`
		Number  int    `json:"line_number"`
		Message string `json:"error_message"`
	}
	var faults []fault
	if json.Unmarshal(data, &faults) != nil {
		faults = make([]fault, 1)
		if json.Unmarshal(data, &faults[0]) != nil {
			return
		}
	}
	if len(faults) > 0 {
		a.line, a.number, a.dropped = faults[0].Line, faults[0].Number, len(faults)
		a.Message += ": " + faults[0].Message
	}
}

// name notes which line was not taken.
func (a *answer) name(line string) {
	a.line = line
	if !strings.Contains(a.Message, line) {
		a.About = fmt.Sprintf("line %q", line)
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
		a.name(string(lines[from : to-1]))
		return
	}
	_, quoted, found := strings.Cut(a.Message, `measurement "`)
	measurement, _, _ := strings.Cut(quoted, `"`)
	if !found {
		return
	}
	start := appendEscaped(nil, measurement, specialMeasurement)
	for line := range bytes.Lines(lines) {
		if rest, is := bytes.CutPrefix(line, start); is && (rest[0] == ',' || rest[0] == ' ') {
			a.name(string(line[:len(line)-1]))
			return
		}
	}
}
