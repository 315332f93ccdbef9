package influxdb

import (
	"bytes"
	"errors"

	"github.com/metertree/metertree/integrations/internal/push"
)

const (
	// maxSearches is how often in one batch a request is divided to find the
	// lines that the database does not take.
	maxSearches = 32
	// minLimit is how small requests become when the database finds them too
	// large.
	minLimit = 4 << 10
)

// deliver writes lines, in several requests if it has to. It returns an error if
// the batch has to be repeated; lines that will never be taken it notes.
func (e *Exporter) deliver(lines []byte) error {
	err := e.client.post(e.run.ctx, lines)
	var a *answer
	switch {
	case err == nil:
		e.counts.Delivered.Add(uint64(bytes.Count(lines, newline)))
		return nil
	case !errors.As(err, &a):
		return err
	case a.Verdict == push.TooLarge:
		return e.divideLarge(lines, a)
	case a.partly:
		e.note(a, min(max(a.dropped, 1), bytes.Count(lines, newline)), lines)
		return nil
	case a.Verdict == push.Invalid:
		return e.search(lines, a)
	}
	return err
}

var newline = []byte{'\n'}

// note notes that the database did not take some of the lines.
func (e *Exporter) note(a *answer, rejected int, lines []byte) {
	a.findLine(lines)
	e.counts.Rejected.Add(uint64(rejected))
	e.counts.Delivered.Add(uint64(bytes.Count(lines, newline) - rejected))
	e.run.Reject(rejected, a)
}

// divideLarge writes the halves of what is too large at once, and makes further
// requests no larger.
func (e *Exporter) divideLarge(lines []byte, a *answer) error {
	first, second := halves(lines)
	if len(second) == 0 {
		e.note(a, 1, lines)
		return nil
	}
	e.counts.Split.Add(1)
	e.limit = max(min(e.limit, len(lines)/2), minLimit)
	if err := e.deliver(first); err != nil {
		return err
	}
	return e.deliver(second)
}

// search writes the lines of a request that the database did not take for what is
// in it, without the line that it names, or else in halves.
func (e *Exporter) search(lines []byte, a *answer) error {
	first, second := halves(lines)
	if len(second) == 0 || e.run.searches == maxSearches {
		e.note(a, bytes.Count(lines, newline), lines)
		return nil
	}
	e.run.searches++
	if at, end := a.position(lines); end > at {
		e.note(a, 1, lines[at:end])
		first, second = lines[:at], lines[end:]
	}
	for _, part := range [][]byte{first, second} {
		if len(part) == 0 {
			continue
		}
		if err := e.deliver(part); err != nil {
			return err
		}
	}
	return nil
}

// halves divides lines near the middle. The second half is empty if there is
// one line only.
func halves(lines []byte) (first, second []byte) {
	middle := len(lines) / 2
	at := bytes.IndexByte(lines[middle:len(lines)-1], '\n')
	if at >= 0 {
		at += middle
	} else {
		at = bytes.LastIndexByte(lines[:middle], '\n')
	}
	if at < 0 {
		return lines, nil
	}
	return lines[:at+1], lines[at+1:]
}
