package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/tree"
)

// numbered are frames that tell their number; those of the numbers given fail.
func numbered(last int, end context.CancelFunc, failing ...int) func(context.Context) (frame, error) {
	n := 0
	return func(context.Context) (frame, error) {
		n++
		if n == last {
			end()
		}
		for _, f := range failing {
			if n == f {
				return frame{}, fmt.Errorf("frame %d is lost\x1b[2J", n)
			}
		}
		text := fmt.Sprintf("frame %d\n", n)
		return frame{name: "place", value: map[string]int{"frame": n}, text: func(format) string { return text }, notices: []string{"half of it"}}, nil
	}
}

func TestWatchPrintsFramesForPrograms(t *testing.T) {
	for form, want := range map[printForm]string{
		asText: "frame 1\n\nframe 2\n\nframe 4\n",
		asJSON: "{\"frame\":1}\n{\"frame\":2}\n{\"frame\":4}\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var out, said bytes.Buffer
			ctx, end := context.WithCancel(t.Context())
			began := time.Now()
			w := watching{period: 7 * time.Second, form: form, streams: Streams{Out: &out, Err: &said}}
			if err := w.until(ctx, numbered(5, end, 3)); err != nil {
				t.Error(err)
			}
			if out.String() != want || time.Since(began) != 4*7*time.Second {
				t.Errorf("after %s: %q, want %q", time.Since(began), out.String(), want)
			}
			// A notice is told once, a failure each time.
			if said.String() != "metertree: place: incomplete: half of it\nmetertree: frame 3 is lost�[2J\n" {
				t.Errorf("said %q", said.String())
			}
		})
	}
}

func TestWatchFailsIfItCannotBegin(t *testing.T) {
	var out, said bytes.Buffer
	w := watching{period: time.Hour, streams: Streams{Out: &out, Err: &said}}
	if err := w.until(t.Context(), numbered(9, nil, 1)); err == nil || out.Len()+said.Len() > 0 {
		t.Errorf("%v, %q%q", err, out.String(), said.String())
	}
}

func TestWatchEndsWhileItReads(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	w := watching{period: time.Hour, streams: Streams{Out: failing{}, Err: failing{}}}
	err := w.until(ctx, func(ctx context.Context) (frame, error) {
		end()
		return frame{}, ctx.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

// screen is what a terminal of a size shows of what is written to it: enough of one
// for the sequences that are used.
type screen struct {
	t         *testing.T
	rows      []string
	row       int
	own, wrap bool // the screen of its own; lines wrap
	cursor    bool
	left      string // on the usual screen
}

func newScreen(t *testing.T, rows int) *screen {
	return &screen{t: t, rows: make([]string, rows), wrap: true, cursor: true}
}

func (s *screen) Write(p []byte) (int, error) {
	for rest := string(p); rest != ""; {
		rest = s.step(rest)
	}
	return len(p), nil
}

func (s *screen) step(rest string) string {
	for sequence, do := range map[string]func(){
		"\x1b[?1049h": func() { s.own = true }, "\x1b[?1049l": func() { s.own = false },
		"\x1b[?7l": func() { s.wrap = false }, "\x1b[?7h": func() { s.wrap = true },
		"\x1b[?25l": func() { s.cursor = false }, "\x1b[?25h": func() { s.cursor = true },
		"\x1b[2J": func() { clear(s.rows) },
		toTop:     func() { s.row = 0 },
		clearLine: func() {}, // line has replaced all of it
		clearRest: func() { clear(s.rows[s.row+1:]) },
	} {
		if after, found := strings.CutPrefix(rest, sequence); found {
			do()
			return after
		}
	}
	end := strings.IndexAny(rest, "\n\x1b")
	if end < 0 {
		end = len(rest)
	}
	if !s.own {
		s.left += rest[:max(end, 1)]
		return rest[max(end, 1):]
	}
	if end == 0 && rest[0] == '\n' {
		if s.row++; s.row == len(s.rows) {
			s.t.Error("the screen scrolls")
			s.row--
		}
		return rest[1:]
	}
	if end == 0 {
		s.t.Fatalf("unknown sequence in %.20q", rest)
	}
	s.rows[s.row] = rest[:end]
	if !strings.HasPrefix(rest[end:], clearLine) {
		s.t.Errorf("what was in the line of %q stays", rest[:end])
	}
	return rest[end:]
}

func TestWatchDrawsInPlace(t *testing.T) {
	s := newScreen(t, 6)
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	show := &screenShower{
		out: s, period: 2 * time.Second, now: func() time.Time { return clock },
		format: func() format { return format{width: 40} },
		size:   func() (int, int) { return 40, len(s.rows) },
	}
	draw := func(lines int, notices ...string) {
		t.Helper()
		text := ""
		for i := range lines {
			text += fmt.Sprintf("line %d of %d\n", i+1, lines)
		}
		if err := show.frame(frame{text: func(format) string { return text }, notices: notices}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(rows ...string) {
		t.Helper()
		for len(rows) < len(s.rows) {
			rows = append(rows, "")
		}
		if strings.Join(s.rows, "\n") != strings.Join(rows, "\n") || !s.own || s.wrap || s.cursor {
			t.Errorf("the screen shows\n%s\nwant\n%s", strings.Join(s.rows, "\n"), strings.Join(rows, "\n"))
		}
	}
	head := "every 2s, last at 03:04:05; Ctrl-C ends it"
	draw(3)
	want(head, "", "line 1 of 3", "line 2 of 3", "line 3 of 3")
	draw(1, "half of it\x1b")
	want(head, "", "line 1 of 1", "incomplete: half of it�")
	draw(9)
	want(head, "", "line 1 of 9", "line 2 of 9", "line 3 of 9", "… 6 more lines: show less with --depth, --filter or --top")
	draw(2)
	if err := show.fail(errors.New("gone\x1b[2J")); err != nil {
		t.Fatal(err)
	}
	want("OUT OF DATE at 03:04:05: gone�[2J", "", "line 1 of 2", "line 2 of 2")
	if err := show.close(); err != nil {
		t.Fatal(err)
	}
	if s.own || !s.wrap || !s.cursor || s.left != "line 1 of 2\nline 2 of 2\n" {
		t.Errorf("the terminal is left with %q: own screen %v, wrapping %v, cursor %v", s.left, s.own, s.wrap, s.cursor)
	}
}

func TestWatchOfAFileReadsItAgain(t *testing.T) {
	path := write(t, "now", "up 1\n")
	ctx, end := context.WithCancel(t.Context())
	reader := &lineTaker{take: func(n int, line string) {
		var root tree.Node
		if err := json.Unmarshal([]byte(line), &root); err != nil || len(root.Children) != 1 || root.Children[0].Reading.Value != tree.Number(n) {
			t.Errorf("line %d is %s: %v", n, line, err)
		}
		if n == 3 {
			end()
		}
		rewrite(t, path, fmt.Sprintf("up %d\n", n+1))
	}}
	var said bytes.Buffer
	code := Main(ctx, []string{"tree", path, "--watch=100ms", "--json"}, Streams{Out: reader, Err: &said})
	if code != exitOK || reader.n != 3 || said.Len() > 0 {
		t.Errorf("exit code %d after %d lines, %q", code, reader.n, said.String())
	}
}

// lineTaker hands on what is written, which is a line at a time.
type lineTaker struct {
	n    int
	take func(n int, line string)
}

func (l *lineTaker) Write(p []byte) (int, error) {
	l.n++
	l.take(l.n, string(p))
	return len(p), nil
}

func TestSparkline(t *testing.T) {
	none, inf := tree.NoData, tree.Number(math.Inf(1))
	for want, points := range map[string][]tree.Number{
		"":         nil,
		"▁▂▃▄▅▆▇█": {0, 1, 2, 3, 4, 5, 6, 7},
		"▁█▁":      {-5, 5, -5},
		"▁▁▁":      {0, 0, 0},
		"▄▄":       {3, 3},
		"··▁█·":    {none, none, 1, 2, none},
		"▁∞█":      {1, inf, 2},
		"···":      {none, none, none},
		"▁█":       {-math.MaxFloat64, math.MaxFloat64},
		"▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█": append(make([]tree.Number, 40), 9),
	} {
		if got := sparkline(points); got != want {
			t.Errorf("%v: %s, want %s", points, got, want)
		}
	}
}

func TestProgressOfLongWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to bytes.Buffer
		p := tellProgress(t.Context(), &to, 40)
		p.say("%d\x1b of 3 things that take so long that nobody can wait", 1)
		time.Sleep(progressDelay + time.Millisecond) // of the test's clock
		p.say("2 of 3")
		p.say("3 of 3")
		time.Sleep(progressPeriod)
		p.stop()
		p.stop()
		want := "\r1� of 3 things tha…hat nobody can wait…\x1b[K\r3 of 3…\x1b[K\r\x1b[K"
		if to.String() != want {
			t.Errorf("told %q, want %q", to.String(), want)
		}
	})
}

func TestNoProgressOfShortWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to bytes.Buffer
		p := tellProgress(t.Context(), &to, 40)
		p.say("at once")
		time.Sleep(progressDelay / 2)
		p.stop()
		if to.Len() > 0 {
			t.Errorf("told %q", to.String())
		}
		if p := startProgress(t.Context(), &to); p != nil {
			t.Error("tells progress to what is no terminal")
		}
		var none *progress
		none.say("nothing")
		none.stop()
	})
}
