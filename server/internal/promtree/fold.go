package promtree

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/metertree/metertree/tree"
)

// Fold implements tree.Source. Counters and observations are rates; those with
// too little history for one are totals, and say so. A late query fails alone: it
// keeps others neither from being asked nor from being answered.
func (s *Source) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	results := make([]tree.Result, len(queries))
	early, cancel := within(ctx, 0.9) // so that there is time left for the answers
	defer cancel()
	at, workers := s.now(), min(s.options.Concurrency, len(queries))
	next := make(chan int)
	var working sync.WaitGroup
	for range workers {
		e := s.evaluator(at, s.options.Concurrency/workers)
		working.Go(func() {
			for i := range next {
				results[i] = e.alone(early, queries[i], len(queries))
			}
		})
	}
	for i := range queries {
		next <- i
	}
	close(next)
	working.Wait()
	return results, ctx.Err()
}

// alone answers one of n queries, which leaves some of the time there is to those
// that wait.
func (e evaluator) alone(ctx context.Context, q tree.Query, n int) tree.Result {
	if n > e.source.options.Concurrency {
		var cancel context.CancelFunc
		ctx, cancel = within(ctx, 0.5)
		defer cancel()
	}
	return e.of(q).fold(ctx, q, n <= fewQueries)
}

// fewQueries is how many there may be at once for each to be looked at closely.
const fewQueries = 4

// within allows a part of the time there is.
func within(ctx context.Context, part float64) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(part*float64(time.Until(deadline))))
}

// evaluator asks the backend, as of one moment, a few expressions at once.
type evaluator struct {
	source *Source
	slots  chan struct{} // holds a token for each that is under way
	now    time.Time
}

func (s *Source) evaluator(now time.Time, atOnce int) evaluator {
	return evaluator{source: s, slots: make(chan struct{}, atOnce), now: now}
}

// of is an evaluator as of the moment that the query is about.
func (e evaluator) of(q tree.Query) evaluator {
	if !q.Moment.End.IsZero() {
		e.now = q.Moment.End.Truncate(time.Millisecond)
	}
	return e
}

// all evaluates the expressions, in the order given; those that are empty have no
// answer. The first error ends the others.
func (e evaluator) all(ctx context.Context, exprs ...expr) ([][]Sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	answers := make([][]Sample, len(exprs))
	var asked sync.WaitGroup
	for i, x := range exprs {
		if x == "" {
			continue
		}
		select {
		case e.slots <- struct{}{}:
		case <-ctx.Done():
			asked.Wait()
			return nil, context.Cause(ctx)
		}
		asked.Go(func() {
			defer func() { <-e.slots }()
			var err error
			if answers[i], err = e.source.instant(ctx, x, e.now); err != nil {
				cancel(err)
			}
		})
	}
	asked.Wait()
	return answers, context.Cause(ctx)
}

// fold answers one query at one moment.
func (e evaluator) fold(ctx context.Context, q tree.Query, closely bool) tree.Result {
	asked := e.source.question(q, closely)
	counts := asked.countExprs()
	answers, err := e.all(ctx, append(counts, asked.valueExprs()...)...)
	if err != nil {
		return tree.Result{Err: err}
	}
	values, skipped, err := e.settle(ctx, &asked, answers[len(counts):])
	if err != nil {
		return tree.Result{Err: err}
	}
	r := asked.result(answers[:len(counts)], values)
	if n, most := len(r.Groups), e.source.options.MaxBranches; n > most {
		return tree.Result{Err: fmt.Errorf("%d branches, more than %d: expand along a label with fewer values, or choose a narrower node", n, most)}
	}
	if skipped && q.Family.Fold == tree.FoldAvg {
		if err := e.countNaNs(ctx, q, &r); err != nil {
			return tree.Result{Err: err}
		}
	}
	r.At, r.SkippedNaN = e.now, r.SkippedNaN || skipped
	if q.Family.Increases() && asked.look.as == tree.MeaningRate {
		r.Length = asked.look.window
	}
	if q.By != "" {
		r.Arrange(q.Family.Fold, q.BranchLimit())
	}
	return r
}

// countNaNs counts the series of each branch that are not a number, by which its
// average does not weigh.
func (e evaluator) countNaNs(ctx context.Context, q tree.Query, r *tree.Result) error {
	answers, err := e.all(ctx, numbersExpr(q))
	if err != nil {
		return err
	}
	numbers, all := make(map[string]int, len(answers[0])), 0
	for _, sample := range answers[0] {
		numbers[valueOf(sample.Labels, q.By)] += int(sample.Value)
		all += int(sample.Value)
	}
	r.Total.NaNs = r.Total.Streams - all
	for i := range r.Groups {
		g := &r.Groups[i]
		g.NaNs = g.Streams - numbers[g.Value]
	}
	return nil
}

// settle asks again, in another way, where that is needed: for totals where there
// is no rate, and without what is not a number where anything is not. All answers
// are of the same way, or the branches would not add up to the node.
func (e evaluator) settle(ctx context.Context, q *question, a answered) (_ answered, skipped bool, err error) {
	free := q.query.Family.Increases() && q.query.As == "" // to be read in another way
	if free && len(a[0]) == 0 && q.query.Moment.Length == 0 && q.look.window < wideWindow && e.source.options.RateWindow == 0 {
		q.look.window = wideWindow
		if a, err = e.all(ctx, q.valueExprs()...); err != nil {
			return nil, false, err
		}
	}
	if free && len(a[0]) == 0 {
		q.look.as = tree.MeaningTotal
		if a, err = e.all(ctx, q.valueExprs()...); err != nil {
			return nil, false, err
		}
	}
	if q.look.skipNaN || !anyNaN(q.values(a)...) {
		return a, false, nil
	}
	q.look.skipNaN = true
	without, err := e.all(ctx, q.valueExprs()...)
	if err != nil {
		return nil, false, err
	}
	for i, before := range q.values(a) {
		skipped = skipped || nowNumbers(before, q.values(without)[i], q.query.By)
	}
	return without, skipped, nil
}

// nowNumbers reports whether something that was not a number is one now, or is
// gone. Infinities that cancel out remain what they were.
func nowNumbers(before, after []Sample, by string) bool {
	remaining := make(map[string]bool)
	for _, sample := range after {
		if math.IsNaN(sample.Value) {
			remaining[valueOf(sample.Labels, by)] = true
		}
	}
	for _, sample := range before {
		if math.IsNaN(sample.Value) && !remaining[valueOf(sample.Labels, by)] {
			return true
		}
	}
	return false
}
