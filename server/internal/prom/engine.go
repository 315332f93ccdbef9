package prom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/features"
)

// QueryOptions bound what one PromQL query, and all of them together, may cost.
type QueryOptions struct {
	// Timeout ends a query that takes longer.
	Timeout time.Duration
	// MaxSamples is how many samples one query may hold in memory; each takes 16
	// bytes. It is lowered to what an eighth of the memory limit holds.
	MaxSamples int
	// MaxConcurrency is how many queries run at once; the others wait their turn.
	MaxConcurrency int
	// LookbackDelta is how old the last sample of a series may be to count as its
	// present value.
	LookbackDelta time.Duration
}

func (o QueryOptions) check() error {
	switch {
	case o.Timeout <= 0:
		return fmt.Errorf("query timeout %v is not positive: give one such as --query.timeout=2m", o.Timeout)
	case o.MaxSamples <= 0:
		return fmt.Errorf("query sample limit %d is not positive: give one such as --query.max-samples=50000000", o.MaxSamples)
	case o.MaxConcurrency <= 0:
		return fmt.Errorf("query concurrency %d is not positive: give one such as --query.max-concurrency=20", o.MaxConcurrency)
	case o.LookbackDelta <= 0:
		return fmt.Errorf("query lookback %v is not positive: give one such as --query.lookback-delta=5m", o.LookbackDelta)
	}
	return nil
}

// Of the memory limit one query may hold this part in samples.
const (
	queryShare  = 8
	sampleBytes = 16
)

// samplesWithin is how many samples one query may hold, given the memory limit.
func (o QueryOptions) samplesWithin(limit uint64) int {
	return int(min(uint64(o.MaxSamples), limit/queryShare/sampleBytes))
}

// newEngine makes the PromQL engine, which records the running queries in the
// storage directory until it is closed.
func newEngine(o QueryOptions, dir string, subqueryStep func(int64) int64, reg prometheus.Registerer, known features.Collector, logger *slog.Logger) (*promql.Engine, error) {
	tracker, err := promql.NewActiveQueryTracker(dir, o.MaxConcurrency, logger)
	if err != nil {
		return nil, fmt.Errorf("record of running queries in %q: %w: free some space there or choose another directory with --storage.path", dir, err)
	}
	maxSamples := o.samplesWithin(memoryLimit())
	if maxSamples < o.MaxSamples {
		logger.Info("queries may hold fewer samples, to stay within the memory limit", "samples", maxSamples, "asked", o.MaxSamples)
	}
	return promql.NewEngine(promql.EngineOpts{
		Logger:                   logger,
		Reg:                      reg,
		MaxSamples:               maxSamples,
		Timeout:                  o.Timeout,
		ActiveQueryTracker:       queue{tracker},
		LookbackDelta:            o.LookbackDelta,
		NoStepSubqueryIntervalFn: subqueryStep,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		FeatureRegistry:          known,
		Parser:                   newParser(),
	}), nil
}

// queue is where queries wait for their turn. One that waits too long is told so as
// one that runs too long is, which the API answers with 503.
type queue struct {
	promql.QueryTracker
}

// Insert implements promql.QueryTracker.
func (q queue) Insert(ctx context.Context, query string) (int, error) {
	index, err := q.QueryTracker.Insert(ctx, query)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = promql.ErrQueryTimeout("query queue")
	case errors.Is(err, context.Canceled):
		err = promql.ErrQueryCanceled("query queue")
	}
	return index, err
}

// newParser is the dialect of PromQL that the engine and the API share, within bounds.
func newParser() parser.Parser { return boundedParser{parser.NewParser(parser.Options{})} }
