package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// Watch is the flag --watch, with a period or without: 0 is not to watch.
type Watch time.Duration

const (
	usualPeriod = 2 * time.Second
	leastPeriod = 100 * time.Millisecond
)

// IsBool lets the flag stand without a value.
func (Watch) IsBool() bool { return true }

// Decode implements kong.MapperValue.
func (w *Watch) Decode(ctx *kong.DecodeContext) error {
	*w = Watch(usualPeriod)
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	var period Duration
	if err := period.UnmarshalText([]byte(fmt.Sprint(ctx.Scan.Pop().Value))); err != nil {
		return err
	}
	if time.Duration(period) < leastPeriod {
		return fmt.Errorf("%s is too often: give %s or more", period, Duration(leastPeriod))
	}
	*w = Watch(period)
	return nil
}

// String is the period in Prometheus's notation.
func (w Watch) String() string { return Duration(w).String() }

// frame is one state of what is watched.
type frame struct {
	name    string // of the place
	value   any    // for JSON
	text    func(format) string
	notices []string // what is missing
}

// watching shows something again and again.
type watching struct {
	period  time.Duration
	streams Streams
	form    printForm
}

// run watches until the program is interrupted.
func (w watching) run(ctx context.Context, next func(context.Context) (frame, error)) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second interrupt ends the process at once.
	context.AfterFunc(ctx, stop)
	return w.until(ctx, next)
}

// until watches until the context ends, which is no error. It fails if the first
// frame does; later ones that fail leave the last in place.
func (w watching) until(ctx context.Context, next func(context.Context) (frame, error)) (err error) {
	show := w.shower()
	defer func() {
		if closing := show.close(); err == nil {
			err = outputError(closing)
		}
	}()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		f, err := next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && first:
			return err
		case err != nil:
			err = show.fail(err)
		default:
			err = show.frame(f)
		}
		if err != nil {
			return outputError(err)
		}
		pause.Reset(w.period)
	}
}

// shower shows frames. Its errors are those of writing.
type shower interface {
	frame(f frame) error
	fail(err error) error
	close() error
}

func (w watching) shower() shower {
	lines := &lineShower{streams: w.streams, form: w.form}
	out, ok := w.streams.Out.(*os.File)
	if w.form == asJSON || !ok || !term.IsTerminal(int(out.Fd())) || os.Getenv("TERM") == "dumb" {
		return lines
	}
	size := func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(out.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return usualWidth, usualRows
		}
		return columns, rows
	}
	return &screenShower{out: out, format: func() format { return formatFor(out) }, size: size, period: w.period, now: time.Now}
}

// lineShower writes frames one after another, for other programs and for files.
type lineShower struct {
	streams Streams
	form    printForm
	begun   bool
	said    map[string]bool // notices
}

func (s *lineShower) frame(f frame) error {
	s.complain(f)
	if s.form == asJSON {
		encoder := json.NewEncoder(s.streams.Out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(f.value)
	}
	text := f.text(formatFor(s.streams.Out))
	if s.begun {
		text = "\n" + text
	}
	s.begun = true
	_, err := io.WriteString(s.streams.Out, text)
	return err
}

// complain tells each notice once.
func (s *lineShower) complain(f frame) {
	if s.said == nil {
		s.said = make(map[string]bool)
	}
	for _, notice := range f.notices {
		if !s.said[notice] {
			complain(s.streams.Err, f.name, []string{notice})
		}
		s.said[notice] = true
	}
}

func (s *lineShower) fail(err error) error {
	report(s.streams.Err, errors.New(printable(err.Error())), exitFailure)
	return nil
}

func (s *lineShower) close() error { return nil }
