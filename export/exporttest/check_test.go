package exporttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

var errDown = errors.New("backend is down")

// text returns all that a batch holds.
func text(b *export.Batch) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v %v %v\n", b.Temporality, b.Start, b.Time)
	for f := range b.Families {
		for p := range f.Points {
			fmt.Fprintln(&s, f.Descriptor.Name, pointText(p))
		}
	}
	return s.String()
}

func pointText(p *metric.Point) string {
	s := fmt.Sprint(p.Labels, p.Start, p.Int, p.Float, p.Histogram, p.Summary)
	if p.Exponential != nil {
		s += fmt.Sprint(*p.Exponential)
	}
	if p.Exact != nil {
		s += fmt.Sprint(*p.Exact)
	}
	for _, e := range p.Exemplars {
		if e != nil {
			s += fmt.Sprint(*e)
		}
	}
	return s
}

func recorderSubject(r *Recorder) Subject {
	trouble := func(b Behaviour) func() func() {
		return func() func() {
			r.Always(b)
			return func() { r.Always(nil) }
		}
	}
	return Subject{
		Exporter: r,
		Delivered: func() string {
			var s strings.Builder
			for _, b := range r.Batches() {
				s.WriteString(text(b))
			}
			return s.String()
		},
		Break: trouble(Fail(errDown)),
		Stall: trouble(Hang),
	}
}

func TestRecorderIsAnExporter(t *testing.T) {
	Check(t, func(*testing.T) Subject { return recorderSubject(&Recorder{}) })
}

// broken is an exporter with a fault.
type broken struct {
	export   func(ctx context.Context, b *export.Batch) error
	shutdown func(ctx context.Context) error
	text     string
	broken   bool
}

func (b *broken) Export(ctx context.Context, batch *export.Batch) error { return b.export(ctx, batch) }

func (b *broken) Shutdown(ctx context.Context) error {
	if b.shutdown == nil {
		return nil
	}
	return b.shutdown(ctx)
}

func (b *broken) subject() Subject {
	trouble := func() func() {
		b.broken = true
		return func() { b.broken = false }
	}
	return Subject{Exporter: b, Delivered: func() string { return b.text }, Break: trouble, Stall: trouble}
}

// A check that can never strike is no check: each finds an exporter with the
// fault that it is for.
func TestChecksFindFaults(t *testing.T) {
	keep := func(b *broken) func(context.Context, *export.Batch) error {
		return func(_ context.Context, batch *export.Batch) error {
			if b.broken {
				return errDown
			}
			b.text += text(batch)
			return nil
		}
	}
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	for name, test := range map[string]struct {
		check string
		says  string
		fault func(*broken)
	}{
		"panics at NaN": {"odd values", "panicked: NaN", func(b *broken) {
			b.export = func(_ context.Context, batch *export.Batch) error {
				for f := range batch.Families {
					for p := range f.Points {
						if p.Float != p.Float {
							panic("NaN")
						}
					}
				}
				b.text += "x"
				return nil
			}
		}},
		"refuses a kind": {"every kind of metric", "Export of every kind of metric failed: backend is down", func(b *broken) {
			b.export = func(context.Context, *export.Batch) error { return errDown }
		}},
		"delivers nothing": {"every kind of metric", "delivered nothing", func(b *broken) {
			b.export = func(context.Context, *export.Batch) error { return nil }
		}},
		"needs a family": {"empty batch", "Export of an empty batch failed", func(b *broken) {
			b.export = func(_ context.Context, batch *export.Batch) error {
				for range batch.Families {
					return nil
				}
				return errDown
			}
		}},
		"keeps the batch": {"memory of the batch", "iterated after Export returned", func(b *broken) {
			var kept []*export.Batch
			b.export = func(_ context.Context, batch *export.Batch) error {
				kept = append(kept, batch)
				return nil
			}
			b.shutdown = func(context.Context) error {
				for _, batch := range kept {
					b.text += text(batch)
				}
				return nil
			}
		}},
		"keeps points": {"memory of the batch", "depends on memory", func(b *broken) {
			b.export = func(_ context.Context, batch *export.Batch) error {
				var kept []*metric.Point
				for f := range batch.Families {
					for p := range f.Points {
						kept = append(kept, p)
					}
				}
				for _, p := range kept {
					b.text += pointText(p)
				}
				return nil
			}
		}},
		"keeps counts": {"memory of the batch", "depends on memory", func(b *broken) {
			var kept []metric.Point
			b.export = func(_ context.Context, batch *export.Batch) error {
				for f := range batch.Families {
					for p := range f.Points {
						kept = append(kept, metric.Point{Histogram: p.Histogram})
					}
				}
				return nil
			}
			b.shutdown = func(context.Context) error {
				for i := range kept {
					b.text += pointText(&kept[i])
				}
				return nil
			}
		}},
		"goes on from where it was": {"batch that was looked at before", "arrives differently", func(b *broken) {
			calls := 0
			b.export = func(_ context.Context, batch *export.Batch) error {
				calls++
				b.text += fmt.Sprint(time.Now().UnixNano(), calls)
				return nil
			}
		}},
		"ignores its context": {"stalled backend", "Export has not returned", func(b *broken) {
			b.export = func(context.Context, *export.Batch) error {
				<-stuck
				return nil
			}
		}},
		"gives up in silence": {"ended context", "has not delivered all", func(b *broken) {
			deliver := keep(b)
			b.export = func(ctx context.Context, batch *export.Batch) error {
				if ctx.Err() != nil {
					return nil
				}
				return deliver(ctx, batch)
			}
		}},
		"hides a failure": {"broken backend", "returned nil", func(b *broken) {
			b.export = func(context.Context, *export.Batch) error { return nil }
		}},
		"does not recover": {"broken backend", "Export of a batch after trouble", func(b *broken) {
			spoilt := false
			b.export = func(context.Context, *export.Batch) error {
				if spoilt = spoilt || b.broken; spoilt {
					return errDown
				}
				return nil
			}
		}},
		"panics at the second Shutdown": {"shutdown", "a second Shutdown: panicked", func(b *broken) {
			b.export = keep(b)
			shut := make(chan struct{})
			b.shutdown = func(context.Context) error {
				close(shut)
				return nil
			}
		}},
		"hangs in Shutdown": {"shutdown", "a second Shutdown has not returned", func(b *broken) {
			b.export = keep(b)
			first := true
			b.shutdown = func(context.Context) error {
				if !first {
					<-stuck
				}
				first = false
				return nil
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := strings.Join(faultsFound(test.check, test.fault), "\n")
			if !strings.Contains(faults, test.says) {
				t.Errorf("check %q finds %q, want %q", test.check, faults, test.says)
			}
		})
	}
}

// faultsFound runs one check.
func faultsFound(name string, fault func(*broken)) []string {
	for _, check := range checks {
		if check.name != name {
			continue
		}
		c := newChecking(func() Subject {
			b := &broken{}
			fault(b)
			return b.subject()
		})
		c.patience = 10 * time.Millisecond
		check.run(c)
		return c.faults
	}
	return []string{"there is no such check"}
}
