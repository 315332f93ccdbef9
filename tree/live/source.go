package live

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// Producer gives all families with their cumulative values, ordered by name. A
// registry.Registry is one. It must be safe for concurrent use.
type Producer interface {
	Collect(ctx context.Context) iter.Seq[*metric.Family]
}

// Options tune a Source. A zero field takes its default.
type Options struct {
	// Interval is the time between samples, and how old an answer may be. Default 5s.
	Interval time.Duration
	// History is how far back samples are kept. Default 31m, which is enough to
	// explain a change: twice tree.DefaultExplainWindow, and a little.
	History time.Duration
	// RateWindow is the time a rate is taken over. Default 1m, and at least two
	// intervals.
	RateWindow time.Duration
	// IdleAfter is how long after the last question sampling ends. By default it is
	// History: who comes back within that finds it.
	IdleAfter time.Duration
	// MaxSeries bounds the series of one sample, as an exposition counts them:
	// a histogram's buckets each. Default 50,000.
	MaxSeries int
	// MaxBytes bounds the memory of the history, roughly. Default 64 MiB.
	MaxBytes int
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = 5 * time.Second
	}
	if o.History <= 0 {
		o.History = 2*tree.DefaultExplainWindow + time.Minute
	}
	if o.RateWindow <= 0 {
		o.RateWindow = time.Minute
	}
	o.RateWindow = max(o.RateWindow, 2*o.Interval)
	if o.IdleAfter <= 0 {
		o.IdleAfter = o.History
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = 50_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	return o
}

// errClosed is returned, wrapped, by a source that was closed.
var errClosed = errors.New("the source is closed")

// Source is a tree.Source over a Producer. It is safe for concurrent use.
type Source struct {
	producer Producer
	options  Options
	// ctx ends with Close.
	ctx  context.Context
	stop context.CancelFunc
	now  func() time.Time

	sampling chan struct{} // holds a token while a sample is taken

	mu      sync.Mutex
	history history
	used    time.Time // when somebody last asked
	running bool      // a goroutine samples
	closed  bool
	work    sync.WaitGroup
}

// New returns a source. It does nothing until it is asked. Close it when it is
// done.
func New(producer Producer, options Options) *Source {
	ctx, stop := context.WithCancel(context.Background())
	options = options.withDefaults()
	return &Source{
		producer: producer,
		options:  options,
		ctx:      ctx,
		stop:     stop,
		now:      time.Now,
		sampling: make(chan struct{}, 1),
		history:  history{keep: options.History, maxBytes: options.MaxBytes},
	}
}

// Close ends sampling, waits for it, and forgets the history. Questions fail from
// then on.
func (s *Source) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history.forget()
}

// Notices are what is not shown, or not as far back as wanted, and why, as
// sentences. It is empty when everything is.
func (s *Source) Notices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history.notices(s.options.MaxSeries)
}

// samples returns what is known now, oldest first, the last of which is at most
// an interval old. It has at least one element, and is not to be written.
func (s *Source) samples(ctx context.Context) ([]*sample, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, fmt.Errorf("live metrics: %w", errClosed)
	}
	s.used = s.now()
	if !s.running {
		s.running = true
		s.work.Go(s.run)
	}
	s.mu.Unlock()
	if err := s.refresh(ctx, s.options.Interval); err != nil {
		return nil, fmt.Errorf("live metrics: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.history.samples) == 0 { // closed a moment ago
		return nil, fmt.Errorf("live metrics: %w", errClosed)
	}
	return slices.Clone(s.history.samples), nil
}

// early is how long after the first sample the second is taken, so that who begins
// to look need not wait an interval for rates.
const early = time.Second

// run samples until nobody has asked for a while, or Close.
func (s *Source) run() {
	first := min(early, s.options.Interval)
	timer := time.NewTimer(first)
	defer timer.Stop()
	ticker := time.NewTicker(s.options.Interval)
	defer ticker.Stop()
	for {
		age := s.options.Interval / 2
		select {
		case <-s.ctx.Done():
			return
		case <-timer.C:
			age = first / 2
		case <-ticker.C:
		}
		if s.idle() {
			return
		}
		// The next one makes up for a sample that could not be taken.
		_ = s.refresh(s.ctx, age)
	}
}

// idle reports whether sampling is to end, and then forgets the history.
func (s *Source) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().Sub(s.used) < s.options.IdleAfter {
		return false
	}
	s.running = false
	s.history.forget()
	return true
}

// refresh takes a sample unless the newest is younger than an age.
func (s *Source) refresh(ctx context.Context, age time.Duration) error {
	select {
	case s.sampling <- struct{}{}:
		defer func() { <-s.sampling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	last := s.newest()
	if last != nil && s.now().Sub(last.at) < age {
		return nil
	}
	next, err := take(ctx, s.producer, last, s.options.MaxSeries, s.now)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.history.add(next)
	}
	return nil
}

func (s *Source) newest() *sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history.newest()
}

// Families implements tree.Source.
func (s *Source) Families(ctx context.Context) ([]tree.Family, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(samples[len(samples)-1].families), nil
}

// Ratios implements tree.Source. They are those of the producer, if it has the
// method Ratios of a registry.Registry.
func (s *Source) Ratios(ctx context.Context) ([]metric.Ratio, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("live metrics: %w", errClosed)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("live metrics: %w", err)
	}
	declaring, declares := s.producer.(interface{ Ratios() iter.Seq[metric.Ratio] })
	if !declares {
		return nil, nil
	}
	return slices.SortedFunc(declaring.Ratios(), func(a, b metric.Ratio) int { return strings.Compare(a.Name, b.Name) }), nil
}

// Axes implements tree.Source. Series that ended are not among those selected,
// although a rate may still have a branch of them.
func (s *Source) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return nil, err
	}
	last := samples[len(samples)-1]
	if err := last.has(sel.Metric, samples); err != nil {
		return nil, err
	}
	var sets [][]tree.Label
	if col := last.columns[sel.Metric]; col != nil {
		q := tree.Query{Selector: sel}
		for _, st := range col.streams {
			if q.Selects(tree.Part{}, st.label) {
				sets = append(sets, st.labels)
			}
		}
	}
	return tree.CountAxes(sel, sets), nil
}
