package observer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// Series gives the series to count, without bringing their values up to date;
// *registry.Registry is one.
type Series interface {
	Families(ctx context.Context) iter.Seq[*metric.Family]
}

const (
	// censusTimeout is how long a count may take.
	censusTimeout = 10 * time.Second
	// censusFresh is for how long a count is shown again instead of another.
	censusFresh = 15 * time.Second
	// maxPlans is for how many budgets the excesses are kept.
	maxPlans = 8
	// checkEvery is after how many series the context is looked at.
	checkEvery = 1024
)

var (
	errBusy = errors.New("the series are being counted for someone else")
	errLate = errors.New("the series were not counted in time")
)

// census counts the series, one count at a time, and keeps the last.
type census struct {
	series Series
	now    func() time.Time
	// counting has an element while a count is under way.
	counting chan struct{}

	mu   sync.Mutex
	last *count
}

// count is one look at all series.
type count struct {
	report cardinality.Report
	// document has no excesses.
	document Cardinality
	// plans are the excesses by budget; guarded by the census's lock.
	plans map[int][]Excess
}

func newCensus(series Series, now func() time.Time) *census {
	return &census{series: series, now: now, counting: make(chan struct{}, 1)}
}

// take returns the last count if it is fresh, or else counts. With a budget
// above 0 it also tells what exceeds it. It takes no longer than censusTimeout.
func (c *census) take(ctx context.Context, budget int) (Cardinality, error) {
	if d, ok := c.kept(budget); ok {
		return d, nil
	}
	ctx, cancel := context.WithTimeout(ctx, censusTimeout)
	defer cancel()
	select {
	case c.counting <- struct{}{}:
	case <-ctx.Done():
		return Cardinality{}, fmt.Errorf("%w for more than %v: ask again later", errBusy, censusTimeout)
	}
	result := make(chan error, 1)
	go func() {
		defer func() { <-c.counting }()
		result <- c.guarded(ctx, budget)
	}()
	select {
	case err := <-result:
		if err != nil {
			return Cardinality{}, err
		}
	case <-ctx.Done():
		return Cardinality{}, late()
	}
	if d, ok := c.kept(budget); ok {
		return d, nil
	}
	return Cardinality{}, fmt.Errorf("%w: others asked for too many budgets meanwhile: ask again", errBusy)
}

func late() error {
	return fmt.Errorf("%w: it took more than %v: see whether a callback hangs, or forget idle series", errLate, censusTimeout)
}

// kept returns what is known already and fresh.
func (c *census) kept(budget int) (d Cardinality, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.freshLocked() {
		return Cardinality{}, false
	}
	d = c.last.document
	if budget == 0 {
		return d, true
	}
	d.Budget = budget
	d.Excesses, ok = c.last.plans[budget]
	return d, ok
}

func (c *census) freshLocked() bool {
	return c.last != nil && c.now().Sub(c.last.document.CountedAt) < censusFresh
}

// guarded makes an error of a panic.
func (c *census) guarded(ctx context.Context, budget int) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("counting series panicked: %v", cause)
		}
	}()
	return c.count(ctx, budget)
}

// count brings up to date what is kept.
func (c *census) count(ctx context.Context, budget int) error {
	c.mu.Lock()
	last, fresh := c.last, c.freshLocked()
	c.mu.Unlock()
	if !fresh {
		next, err := c.look(ctx, last)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.last, last = next, next
		c.mu.Unlock()
	}
	if budget == 0 {
		return nil
	}
	plan, err := c.plan(ctx, last.report, budget)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(last.plans) >= maxPlans {
		clear(last.plans)
	}
	last.plans[budget] = plan
	return nil
}

// look counts all series.
func (c *census) look(ctx context.Context, before *count) (*count, error) {
	start := c.now()
	counter := cardinality.NewCounter(policy.Thresholds{})
	var labels []metric.Label
	for f := range c.series.Families(ctx) {
		for set := range setsOf(ctx, f) {
			labels = labelsOf(labels[:0], set, f.Keys)
			counter.Add(f.Descriptor.Name, labels)
		}
	}
	if ctx.Err() != nil {
		return nil, late()
	}
	report := counter.Report()
	next := &count{report: report, plans: map[int][]Excess{}}
	next.document = newCardinality(report, start, c.now().Sub(start))
	if before != nil {
		// A copy, as a pointer into it would keep it, and all before it.
		since := before.document.CountedAt
		next.document.GrownSince = &since
		next.document.Growth = report.GrowthSince(before.report)
	}
	return next, nil
}

// plan tells which labels would have to go from metrics that exceed a budget.
func (c *census) plan(ctx context.Context, r cardinality.Report, budget int) ([]Excess, error) {
	over := map[string]bool{}
	for _, m := range r.Metrics {
		over[m.Name] = m.Series > budget
	}
	var list []Excess
	for f := range c.series.Families(ctx) {
		if !over[f.Descriptor.Name] {
			continue
		}
		e, err := fit(ctx, f, budget)
		if err != nil {
			return nil, err
		}
		if e.Series > budget { // it may have lost some meanwhile
			list = append(list, e)
		}
	}
	if ctx.Err() != nil {
		return nil, late()
	}
	slices.SortFunc(list, func(a, b Excess) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.Metric, b.Metric))
	})
	return list, nil
}

// fit looks at one moment's series as often as it takes.
func fit(ctx context.Context, f *metric.Family, budget int) (Excess, error) {
	var sets []metric.LabelSet
	for set := range setsOf(ctx, f) {
		sets = append(sets, set)
	}
	var labels []metric.Label
	steps, err := cardinality.Fit(func(yield func([]metric.Label) bool) {
		for i, set := range sets {
			if i%checkEvery == 0 && ctx.Err() != nil {
				return
			}
			labels = labelsOf(labels[:0], set, f.Keys)
			if !yield(labels) {
				return
			}
		}
	}, budget)
	return Excess{Metric: f.Descriptor.Name, Series: len(sets), Steps: steps}, err
}

// setsOf yields the label sets of a family until the context ends.
func setsOf(ctx context.Context, f *metric.Family) iter.Seq[metric.LabelSet] {
	return func(yield func(metric.LabelSet) bool) {
		n := 0
		for p := range f.Points {
			if n++; n%checkEvery == 0 && ctx.Err() != nil {
				return
			}
			if !yield(p.Labels) {
				return
			}
		}
	}
}

func labelsOf(dst []metric.Label, set metric.LabelSet, keys []string) []metric.Label {
	for name, value := range set.All(keys) {
		dst = append(dst, metric.Label{Name: name, Value: value})
	}
	return dst
}
