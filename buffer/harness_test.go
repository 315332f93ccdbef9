package buffer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

var errDisk = errors.New("disk on fire")

// event is one call of a callback of the configuration under test.
type event struct {
	at      time.Duration
	attempt int
	items   string
}

// harness is a buffer of strings whose callbacks are recorded. An item counts
// for its length.
type harness struct {
	*Buffer[string]
	t     *testing.T
	reg   *registry.Registry
	start time.Time

	mu      sync.Mutex
	flushes []event
	failed  []event
	errs    []error
	answer  func(Batch[string]) error
}

// newHarness starts a buffer with one shard whose table takes ten bytes and
// whose queue one table; change may make it another.
func newHarness(t *testing.T, answer func(Batch[string]) error, change func(*Config[string])) *harness {
	t.Helper()
	h := &harness{t: t, reg: registry.New(registry.Options{}), start: time.Now(), answer: answer}
	c := Config[string]{
		Flush: h.flush, Failed: h.takeBack,
		Size:   func(item string) int { return len(item) },
		Shards: 1, MaxBytes: 20, QueueLength: 1, FlushInterval: time.Minute,
		Retry: Retry{Attempts: 3, Initial: time.Second, Max: time.Minute, Jitter: -1},
		Scope: meter.New(h.reg),
	}
	if change != nil {
		change(&c)
	}
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Buffer = b
	return h
}

func (h *harness) event(b Batch[string]) event {
	items := make([]string, len(b.Records))
	for i, r := range b.Records {
		items[i] = r.Item
	}
	return event{time.Since(h.start), b.Attempt, strings.Join(items, " ")}
}

func (h *harness) flush(_ context.Context, b Batch[string]) error {
	h.mu.Lock()
	h.flushes = append(h.flushes, h.event(b))
	h.mu.Unlock()
	return h.answer(b)
}

func (h *harness) takeBack(b Batch[string], err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = append(h.failed, h.event(b))
	h.errs = append(h.errs, err)
}

func (h *harness) put(items ...string) {
	h.t.Helper()
	for _, item := range items {
		if err := h.Put(context.Background(), "key", item); err != nil {
			h.t.Fatalf("Put(%q): %v", item, err)
		}
	}
}

// close closes the buffer and checks what Close returns.
func (h *harness) close(want error) {
	h.t.Helper()
	if err := h.Close(context.Background()); !errors.Is(err, want) {
		h.t.Fatalf("Close: %v, want %v", err, want)
	}
}

func (h *harness) wantFlushes(want ...event) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.flushes, want) {
		h.t.Errorf("flushes:\n%v, want\n%v", h.flushes, want)
	}
}

func (h *harness) wantFailed(want ...event) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.failed, want) {
		h.t.Errorf("given back:\n%v, want\n%v", h.failed, want)
	}
}

// wantMeters compares the values of some metrics, each summed over the series
// in which the given labels occur.
func (h *harness) wantMeters(want map[string]float64) {
	h.t.Helper()
	got := readMeters(h.reg)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if v := got.sum(name); v != want[name] {
			h.t.Errorf("%s is %v, want %v", name, v, want[name])
		}
	}
}

// readings maps name{labels} to a value; a histogram has two, _count and _sum.
type readings map[string]float64

func readMeters(reg *registry.Registry) readings {
	got := readings{}
	for family := range reg.Collect(context.Background()) {
		name := family.Descriptor.Name
		for p := range family.Points {
			labels := "{" + p.Labels.String() + "}"
			if family.Descriptor.Kind == metric.Histogram {
				got[name+"_count"+labels] = float64(p.Histogram.Count())
				got[name+"_sum"+labels] = p.Histogram.Sum
				continue
			}
			got[name+labels] = p.Number(&family.Descriptor)
		}
	}
	return got
}

// sum adds the series of a name, which may be followed by one label, as in
// flushes_total{status="ok"}.
func (r readings) sum(metric string) (sum float64) {
	name, label, _ := strings.Cut(strings.TrimSuffix(metric, "}"), "{")
	for series, v := range r {
		have, labels, _ := strings.Cut(series, "{")
		if have == name && strings.Contains(labels, label) {
			sum += v
		}
	}
	return sum
}

func succeed(Batch[string]) error { return nil }

func fail(Batch[string]) error { return errDisk }
