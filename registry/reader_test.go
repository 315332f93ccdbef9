package registry

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestReaderIsToldOfClosedMetrics(t *testing.T) {
	r := New(Options{})
	reader := r.NewReader()
	i := define(t, r, counter("calls_total", "a"))
	i.AddInt(5, "x")
	i.Close()
	runtime.GC()
	if got := acknowledge(t, reader).total[`calls_total{a="x"}`]; got != 5 {
		t.Errorf("the reader was told %d, want 5", got)
	}
	if got := acknowledge(t, reader).total[`calls_total{a="x"}`]; got != 0 {
		t.Errorf("the reader was told %d once more", got)
	}
}

// acknowledge takes a checkpoint, acknowledges it and returns its deltas.
// TestNameIsUsedAgain closes a metric and defines another kind under its name
// before a reader was told of all: both are told, one after the other.
func TestNameIsUsedAgain(t *testing.T) {
	r := New(Options{})
	reader := r.NewReader()
	defer reader.Close()
	first := define(t, r, counter("jobs_total", "a"))
	first.AddInt(3, "x")
	acknowledge(t, reader)
	first.AddInt(4, "x")
	first.Close()
	again := counter("jobs_total", "b")
	again.Number = metric.Float64
	define(t, r, again).AddFloat(5, "y")
	told := map[metric.Number]int64{}
	for range 4 {
		runtime.GC()
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		names := 0
		for f := range c.Families() {
			if f.Descriptor.Name != "jobs_total" {
				continue
			}
			names++
			for p := range f.Points {
				told[f.Descriptor.Number] += p.Int + int64(p.Float)
			}
		}
		if names > 1 {
			t.Errorf("%d families of one name in a checkpoint", names)
		}
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	if told[metric.Int64] != 4 || told[metric.Float64] != 5 {
		t.Errorf("told %v, want what was left of the closed metric and all of the new one", told)
	}
}

func acknowledge(t *testing.T, reader *Reader) *tally {
	t.Helper()
	c, err := reader.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	told := &tally{}
	told.addCheckpoint(c)
	if err := c.Ack(); err != nil {
		t.Fatal(err)
	}
	return told
}

// of returns the sum over all series of a metric.
func (t *tally) of(metric string) (sum int64) {
	for series, v := range t.total {
		if strings.HasPrefix(series, metric+"{") {
			sum += v
		}
	}
	return sum
}

func TestWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "a"))
	reader := r.NewReader()
	i.AddInt(5, "x")
	first, err := reader.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	i.AddInt(3, "x")
	second, err := reader.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Ack(); err != ErrSuperseded {
		t.Errorf("acknowledging a superseded checkpoint: %v, want ErrSuperseded", err)
	}
	told := &tally{}
	told.addCheckpoint(second)
	if got := told.total[`calls_total{a="x"}`]; got != 8 {
		t.Errorf("the second checkpoint has %d, want 8", got)
	}
	if err := second.Ack(); err != nil {
		t.Error(err)
	}
	if err := second.Ack(); err != ErrSuperseded {
		t.Errorf("acknowledging twice: %v, want ErrSuperseded", err)
	}
	if got := acknowledge(t, reader).total[`calls_total{a="x"}`]; got != 0 {
		t.Errorf("the third checkpoint has %d, want 0", got)
	}
}
