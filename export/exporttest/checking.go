package exporttest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

const (
	// patience is how long after its context's end a call may take. It only has
	// to tell slow from never.
	patience = 10 * time.Second
	// moment is how long a call with a backend that fails is given.
	moment = 100 * time.Millisecond
)

// errStuck is what a call that does not return comes to.
var errStuck = errors.New("does not return")

// checking is one check of an exporter.
type checking struct {
	start  func() Subject
	now    time.Time
	faults []string
	// patience is how long a call may take after its context's end.
	patience time.Duration
	// stuck is set when a call has not returned: nothing more is called then,
	// because an exporter need not bear two calls at once.
	stuck bool
}

func newChecking(start func() Subject) *checking {
	return &checking{start: start, now: time.Now().Round(0), patience: patience}
}

func (c *checking) faultf(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// call makes a call. A panic is an error; a call that does not return is reported
// and is errStuck.
func (c *checking) call(ctx context.Context, what string, f func() error) error {
	if c.stuck {
		return errStuck
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panicked: %v\n%s", v, debug.Stack())
			}
			done <- err
		}()
		err = f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(c.patience):
		c.stuck = true
		c.faultf("%s has not returned %v after its context ended: pass the context on to whatever waits", what, c.patience)
		return errStuck
	}
}

// export exports within a minute.
func (c *checking) export(s Subject, b *export.Batch) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.exportWithin(ctx, s, b)
}

func (c *checking) exportWithin(ctx context.Context, s Subject, b *export.Batch) error {
	return c.call(ctx, "Export", func() error { return s.Exporter.Export(ctx, b) })
}

// mustExport reports an error of an export that should work.
func (c *checking) mustExport(what string, s Subject, b *export.Batch) {
	if err := c.export(s, b); err != nil && !c.stuck {
		c.faultf("Export of %s failed: %v", what, err)
	}
}

// shut shuts an exporter down and returns what its backend was given.
func (c *checking) shut(s Subject) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.call(ctx, "Shutdown", func() error { return s.Exporter.Shutdown(ctx) }); err != nil && !c.stuck {
		c.faultf("Shutdown failed: %v", err)
	}
	if c.stuck {
		return ""
	}
	return delivered(s)
}

func delivered(s Subject) string {
	if s.Delivered == nil {
		return ""
	}
	return s.Delivered()
}

// reference returns what the backend is given of batches whose memory lasts.
func (c *checking) reference(batches ...*export.Batch) string {
	s := c.start()
	for _, b := range batches {
		c.mustExport("a batch", s, b)
	}
	return c.shut(s)
}

// batches returns a batch of totals and one of deltas.
func (c *checking) batches(families []*metric.Family) []*export.Batch {
	totals := newBatch(metric.Cumulative, c.now, families)
	deltas := newBatch(metric.Delta, c.now.Add(time.Second), families)
	return []*export.Batch{totals, deltas}
}

func (c *checking) takes(what string, families []*metric.Family) {
	for _, b := range c.batches(families) {
		s := c.start()
		before := delivered(s)
		c.mustExport(what, s, b)
		if after := c.shut(s); !c.stuck && s.Delivered != nil && after == before {
			c.faultf("Export of %s (%s) returned nil and delivered nothing", what, b.Temporality)
		}
	}
}

func (c *checking) everyKind() { c.takes("every kind of metric", plainFamilies(c.now)) }

// oddValues has them in one batch with plain ones, which must not be lost.
func (c *checking) oddValues() { c.takes("odd values", oddFamilies(c.now)) }

func (c *checking) emptyBatch() {
	s := c.start()
	for _, b := range c.batches(nil) {
		c.mustExport("an empty batch", s, b)
	}
	c.mustExport("a batch after empty ones", s, newBatch(metric.Cumulative, c.now, plainFamilies(c.now)))
	c.shut(s)
}

// memory lends the exporter a batch whose memory is overwritten from each point
// to the next and after the export, and compares what arrives.
func (c *checking) memory() {
	families := append(plainFamilies(c.now), oddFamilies(c.now)...)
	slices.SortFunc(families, func(a, b *metric.Family) int {
		return strings.Compare(a.Descriptor.Name, b.Descriptor.Name)
	})
	want := c.reference(c.batches(families)...)
	s := c.start()
	var loans []*loan
	for _, b := range c.batches(families) {
		l := lend(b)
		loans = append(loans, l)
		c.mustExport("a batch in memory that is used again", s, l.batch())
		if c.stuck {
			return
		}
		l.recall()
	}
	if got := c.shut(s); !c.stuck && got != want {
		c.faultf("what arrives depends on memory of the batch that is not valid any more: copy what is kept beyond a point, a family or Export\ngot  %s\nwant %s", got, want)
	}
	for _, l := range loans {
		if l.late() {
			c.faultf("the batch was iterated after Export returned: be done with it before")
		}
	}
}

func (c *checking) lookedAt() {
	batches := c.batches(plainFamilies(c.now))
	want := c.reference(batches...)
	s := c.start()
	for _, b := range batches {
		for f := range b.Families {
			for range f.Points {
				break
			}
			break
		}
		c.mustExport("a batch that was iterated before", s, b)
	}
	if got := c.shut(s); !c.stuck && got != want {
		c.faultf("a batch that was iterated before arrives differently\ngot  %s\nwant %s", got, want)
	}
}

func (c *checking) endedContext() {
	b := newBatch(metric.Cumulative, c.now, plainFamilies(c.now))
	s := c.start()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := c.exportWithin(ctx, s, b)
	if got := c.shut(s); !c.stuck && err == nil && s.Delivered != nil && got != c.reference(b) {
		c.faultf("Export under an ended context returned nil and has not delivered all: return the context's error")
	}
}

func (c *checking) stalledBackend() {
	s := c.start()
	if s.Stall != nil {
		c.trouble(s, "a backend that does not answer", s.Stall)
	}
	c.shut(s)
}

func (c *checking) brokenBackend() {
	s := c.start()
	if s.Break != nil {
		c.trouble(s, "a backend that fails", s.Break)
	}
	c.shut(s)
}

// trouble exports while there is trouble and once it is over.
func (c *checking) trouble(s Subject, what string, begin func() (end func())) {
	b := newBatch(metric.Delta, c.now, plainFamilies(c.now))
	end := begin()
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	err := c.exportWithin(ctx, s, b)
	end()
	if err == nil {
		c.faultf("Export to %s returned nil: what is not delivered would be lost", what)
	}
	c.mustExport("a batch after trouble with "+what, s, b)
}

func (c *checking) shutdown() {
	unused := c.start()
	c.shut(unused)
	s := c.start()
	c.mustExport("a batch", s, newBatch(metric.Cumulative, c.now, plainFamilies(c.now)))
	ended, cancel := context.WithCancel(context.Background())
	c.shut(s)
	cancel()
	// It may fail the second time, but not hang or panic.
	for _, ctx := range []context.Context{context.Background(), ended} {
		err := c.call(ended, "a second Shutdown", func() error {
			_ = s.Exporter.Shutdown(ctx)
			return nil
		})
		if err != nil && !c.stuck {
			c.faultf("a second Shutdown: %v", err)
		}
	}
}
