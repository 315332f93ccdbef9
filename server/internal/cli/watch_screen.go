package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// usualRows is the height of a terminal that does not tell.
const usualRows = 24

// Sequences of a terminal, as xterm and all that imitate it know them.
const (
	// A screen of its own keeps what was there before; lines do not wrap, so that
	// one takes one row whatever its characters are; the cursor does not show.
	enterScreen = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[2J"
	leaveScreen = "\x1b[?25h\x1b[?7h\x1b[?1049l"
	toTop       = "\x1b[H"
	clearLine   = "\x1b[K" // from the cursor on
	clearRest   = "\x1b[J"
)

// screenShower draws frames over one another. Each is one write that touches
// nothing twice, so that nothing flickers.
type screenShower struct {
	out    io.Writer
	format func() format
	size   func() (columns, rows int)
	period time.Duration
	now    func() time.Time

	last    *frame
	entered bool
}

func (s *screenShower) frame(f frame) error {
	s.last = &f
	return s.draw(fmt.Sprintf("every %s, last at %s; Ctrl-C ends it", Duration(s.period), s.now().Format(time.TimeOnly)))
}

// fail leaves the frame before in place, and says so.
func (s *screenShower) fail(err error) error {
	return s.draw(fmt.Sprintf("OUT OF DATE at %s: %s", s.now().Format(time.TimeOnly), printable(err.Error())))
}

// draw writes the last frame below a headline.
func (s *screenShower) draw(headline string) error {
	text := s.text()
	_, rows := s.size()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if room := max(rows-2, 1); len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Sprintf("… %d more lines: show less with --depth, --filter or --top", hidden))
	}
	var b strings.Builder
	if !s.entered {
		b.WriteString(enterScreen)
		s.entered = true
	}
	style := s.format().style
	b.WriteString(toTop + style.faint + headline + style.reset + clearLine + "\n" + clearLine)
	for _, line := range lines {
		b.WriteString("\n" + line + clearLine)
	}
	b.WriteString(clearRest)
	_, err := io.WriteString(s.out, b.String())
	return err
}

// text is the last frame in full.
func (s *screenShower) text() string {
	if s.last == nil {
		return ""
	}
	text := s.last.text(s.format())
	for _, notice := range s.last.notices {
		text += "incomplete: " + printable(notice) + "\n"
	}
	return text
}

// close gives the terminal back as it was, with the last frame below what was there.
func (s *screenShower) close() error {
	if !s.entered {
		return nil
	}
	_, err := io.WriteString(s.out, leaveScreen+s.text())
	return err
}
