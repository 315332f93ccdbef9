package prom

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// countedEngine counts the queries that an engine gives up.
type countedEngine struct {
	promql.QueryEngine
	failed *prometheus.CounterVec
}

// The reasons for which queries are given up.
const (
	queryTimeout  = "timeout"
	queryCanceled = "canceled"
	querySamples  = "too_many_samples"
	queryOther    = "other"
)

func newCountedEngine(engine promql.QueryEngine, reg prometheus.Registerer) *countedEngine {
	e := &countedEngine{QueryEngine: engine, failed: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "metertree_query_failures_total",
		Help: "Queries given up: timeout with the wait for their turn included, too_many_samples, canceled for an asker who has gone, other.",
	}, []string{"reason"})}
	reg.MustRegister(e.failed)
	for _, reason := range []string{queryTimeout, queryCanceled, querySamples, queryOther} {
		e.failed.WithLabelValues(reason)
	}
	return e
}

// NewInstantQuery implements promql.QueryEngine.
func (e *countedEngine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	return e.counted(e.QueryEngine.NewInstantQuery(ctx, q, opts, qs, ts))
}

// NewRangeQuery implements promql.QueryEngine.
func (e *countedEngine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, interval time.Duration) (promql.Query, error) {
	return e.counted(e.QueryEngine.NewRangeQuery(ctx, q, opts, qs, start, end, interval))
}

// counted counts queries that are given up in the queue for their turn. Any other
// error is that of an expression: the mistake is the asker's.
func (e *countedEngine) counted(query promql.Query, err error) (promql.Query, error) {
	if err != nil {
		if reason := failureOf(err); reason != queryOther {
			e.failed.WithLabelValues(reason).Inc()
		}
		return nil, err
	}
	return &countedQuery{Query: query, failed: e.failed}, nil
}

type countedQuery struct {
	promql.Query
	failed *prometheus.CounterVec
}

// Exec implements promql.Query.
func (q *countedQuery) Exec(ctx context.Context) *promql.Result {
	result := q.Query.Exec(ctx)
	if result.Err != nil {
		q.failed.WithLabelValues(failureOf(result.Err)).Inc()
	}
	return result
}

// failureOf is the reason in a query's error.
func failureOf(err error) string {
	var (
		timeout  promql.ErrQueryTimeout
		canceled promql.ErrQueryCanceled
		samples  promql.ErrTooManySamples
	)
	// The storage ends with the context's own error, not with the engine's.
	switch {
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		return queryTimeout
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return queryCanceled
	case errors.As(err, &samples):
		return querySamples
	}
	return queryOther
}
