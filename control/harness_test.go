package control

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

var errDown = errors.New("backend is down")

// single fails the test when two calls overlap, and when they come from more
// than one goroutine.
type single struct {
	t *testing.T
	// moves allows another goroutine, for calls that end theirs.
	moves  bool
	inside atomic.Bool
	caller atomic.Value
}

func (s *single) enter() (leave func()) {
	if s.inside.Swap(true) {
		s.t.Error("two calls of one target overlap")
	}
	if now := goroutine(); !s.moves && !s.caller.CompareAndSwap(nil, now) && s.caller.Load() != now {
		s.t.Errorf("a call came from goroutine %s, an earlier one from %v", now, s.caller.Load())
	}
	return func() { s.inside.Store(false) }
}

// goroutine returns the number of the one that calls.
func goroutine() string {
	stack := make([]byte, 64)
	stack = stack[:runtime.Stack(stack, false)]
	return string(bytes.Fields(stack)[1])
}

// source is an integrator of a registry of its own with one counter.
type source struct {
	*integrate.Integrator
	counter  meter.Counter
	only     *single
	recorded atomic.Int64
	// answer, if there is one, is asked before each checkpoint.
	answer exporttest.Behaviour
}

func newSource(only *single) *source {
	r := registry.New(registry.Options{})
	in, err := integrate.New(r, integrate.Options{Temporality: metric.Delta})
	if err != nil {
		only.t.Fatal(err)
	}
	return &source{Integrator: in, counter: meter.New(r).Counter(counted), only: only}
}

// counted is the counter that tests look at, beside those of the registry.
const counted = "counted_total"

func (s *source) add(n int64) {
	s.recorded.Add(n)
	s.counter.Add(n)
}

func (s *source) Checkpoint(ctx context.Context) (*integrate.Checkpoint, error) {
	defer s.only.enter()()
	if s.answer != nil {
		if err := s.answer(ctx); err != nil {
			return nil, err
		}
	}
	return s.Integrator.Checkpoint(ctx)
}

// pending returns what is not acknowledged, once nothing else uses the source.
func (s *source) pending() int64 {
	c, err := s.Integrator.Checkpoint(context.Background())
	if err != nil {
		s.only.t.Error(err)
		return 0
	}
	return sumOf(c.Families())
}

// sink is a recording exporter that also notes when it is called.
type sink struct {
	exporttest.Recorder
	only  *single
	start time.Time
	// shutdown, if there is one, is what Shutdown does.
	shutdown exporttest.Behaviour

	mu sync.Mutex
	at []time.Duration
}

func (s *sink) Export(ctx context.Context, b *export.Batch) error {
	defer s.only.enter()()
	s.mu.Lock()
	s.at = append(s.at, time.Since(s.start))
	s.mu.Unlock()
	return s.Recorder.Export(ctx, b)
}

func (s *sink) Shutdown(ctx context.Context) error {
	defer s.only.enter()()
	if s.shutdown != nil {
		if err := s.shutdown(ctx); err != nil {
			return err
		}
	}
	return s.Recorder.Shutdown(ctx)
}

// times returns when exports began, since the test did.
func (s *sink) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.at)
}

// sum returns what was delivered in all.
func (s *sink) sum() (sum int64) {
	for _, b := range s.Batches() {
		sum += sumOf(b.Families)
	}
	return sum
}

func sumOf(families iter.Seq[*metric.Family]) (sum int64) {
	for f := range families {
		if f.Descriptor.Name != counted {
			continue
		}
		for p := range f.Points {
			sum += p.Int
		}
	}
	return sum
}

// harness is a controller with fake targets.
type harness struct {
	*Push
	t       *testing.T
	sources map[string]*source
	sinks   map[string]*sink
	log     *bytes.Buffer
}

// bubble runs a test with fake targets of the given names in a bubble. The
// period is a second, the timeout 500 ms, and there is no jitter unless change
// says otherwise.
func bubble(t *testing.T, names string, change func(*PushOptions), test func(*harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &harness{t: t, sources: map[string]*source{}, sinks: map[string]*sink{}, log: &bytes.Buffer{}}
		options := PushOptions{Period: time.Second, Timeout: 500 * time.Millisecond, Jitter: -1}
		for _, name := range strings.Fields(names) {
			only := &single{t: t}
			h.sources[name] = newSource(only)
			h.sinks[name] = &sink{only: only, start: time.Now()}
			options.Targets = append(options.Targets, Target{Name: name, Exporter: h.sinks[name], Integrator: h.sources[name]})
		}
		if change != nil {
			change(&options)
		}
		push, err := NewPush(options)
		if err != nil {
			t.Fatal(err)
		}
		h.Push = push
		test(h)
		for name, s := range h.sinks {
			if err := s.Misuse(); err != nil {
				t.Errorf("target %s: %v", name, err)
			}
		}
	})
}

// record adds to the counters of all targets.
func (h *harness) record(n int64) {
	for _, s := range h.sources {
		s.add(n)
	}
}

// shut shuts down within a minute.
func (h *harness) shut() error {
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	return h.Shutdown(ctx)
}

func (h *harness) mustShut() {
	h.t.Helper()
	if err := h.shut(); err != nil {
		h.t.Error(err)
	}
}

// checkExact says where what was delivered is not what was recorded.
func (h *harness) checkExact() {
	h.t.Helper()
	for name, s := range h.sinks {
		if got, want := s.sum(), h.sources[name].recorded.Load(); got != want {
			h.t.Errorf("target %s: %d delivered, want %d", name, got, want)
		}
	}
}

// stubborn is a behaviour that ignores its context until it is let go.
func stubborn(letGo <-chan struct{}) exporttest.Behaviour {
	return func(context.Context) error {
		<-letGo
		return nil
	}
}

// pause is a behaviour that takes time.
func pause(d time.Duration) exporttest.Behaviour {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
