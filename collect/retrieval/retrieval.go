// Package retrieval meters searches, such as those in a vector index: how many,
// how fast, how much they look at, and how often they find nothing.
//
// The names are within the scope given, usually one with the segment retrieval.
// All have the key operation, which says what the search is for.
//
//	name                                  kind       what
//	searches_total{operation,status}      counter    searches that ended: ok or error
//	duration_seconds{operation}           histogram  how long searches took
//	empty_total{operation}                counter    searches without an error that returned nothing
//	candidates_scanned_total{operation}   counter    candidates looked at
//	candidates_scored_total{operation}    counter    candidates given a score
//	candidates_passed_total{operation}    counter    candidates whose score was high enough
//	candidates_returned_total{operation}  counter    candidates returned
//
// Ratios:
//   - error_ratio: searches that failed, of all searches
//   - empty_ratio: searches that returned nothing, of those without an error
package retrieval

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Retrieval meters searches of all operations. Its methods may be called from any
// goroutine, and do not allocate once their series exist. The zero Retrieval does
// nothing.
type Retrieval struct {
	searches meter.CounterOf[ended]
	duration meter.HistogramOf[purpose]
	empty    meter.CounterOf[purpose]

	scanned, scored, passed, returned meter.CounterOf[purpose]
}

type purpose struct{ Operation string }

type ended struct{ Operation, Status string }

// New defines the meters of retrieval.
func New(scope meter.Scope) (*Retrieval, error) {
	var r Retrieval
	var errs [9]error
	r.searches, errs[0] = meter.NewCounter[ended](scope, "searches_total", meter.Role(metric.RoleTraffic),
		meter.Help("Searches that ended, by how they did."))
	r.duration, errs[1] = meter.NewHistogram[purpose](scope, "duration_seconds", meter.Unit("seconds"), meter.Role(metric.RoleLatency),
		meter.Help("How long searches took."))
	r.empty, errs[2] = meter.NewCounter[purpose](scope, "empty_total", meter.Help("Searches without an error that returned nothing."))
	r.scanned, errs[3] = meter.NewCounter[purpose](scope, "candidates_scanned_total", meter.Help("Candidates that searches looked at."))
	r.scored, errs[4] = meter.NewCounter[purpose](scope, "candidates_scored_total", meter.Help("Candidates that searches gave a score."))
	r.passed, errs[5] = meter.NewCounter[purpose](scope, "candidates_passed_total", meter.Help("Candidates whose score was high enough."))
	r.returned, errs[6] = meter.NewCounter[purpose](scope, "candidates_returned_total", meter.Help("Candidates that searches returned."))
	errs[7] = meter.Ratio(scope, "error_ratio", r.searches, meter.Where("status", outcome.Error), meter.Role(metric.RoleErrors),
		meter.Help("How much of the searches fails."))
	errs[8] = meter.RatioOf(scope, "empty_ratio", r.empty, r.searches, meter.Among("status", outcome.OK),
		meter.Help("How much of the searches without an error returns nothing."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of retrieval: %w", err)
	}
	return &r, nil
}

// Candidates is how many candidates a search had at each step.
type Candidates struct{ Scanned, Scored, Passed, Returned int }

// Search is a search under way.
type Search struct {
	retrieval *Retrieval
	operation string
	start     time.Time
}

// Started begins to measure a search. Call Done of what it returns exactly once.
func (r *Retrieval) Started(operation string) Search {
	return Search{r, operation, time.Now()}
}

// Done counts the search and its candidates, which a failed search may have too.
func (s Search) Done(c Candidates, err error) {
	r, at := s.retrieval, purpose{s.operation}
	r.duration.Observe(time.Since(s.start).Seconds(), at)
	r.searches.Inc(ended{s.operation, outcome.Status(err)})
	r.scanned.Add(int64(c.Scanned), at)
	r.scored.Add(int64(c.Scored), at)
	r.passed.Add(int64(c.Passed), at)
	r.returned.Add(int64(c.Returned), at)
	empty := int64(0)
	if err == nil && c.Returned == 0 {
		empty = 1
	}
	// Added even if 0, so that the share of empty searches has a numerator.
	r.empty.Add(empty, at)
}
