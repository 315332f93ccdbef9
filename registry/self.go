package registry

import (
	"log/slog"
	"sync"

	"github.com/metertree/metertree/metric"
)

// Reason says why an update was not taken as it was given.
type Reason string

const (
	// WrongArity is an update whose number of label values is not that of the
	// declared keys.
	WrongArity Reason = "wrong_arity"
	// Negative is a decrease of a counter or a monotonic gauge.
	Negative Reason = "negative"
	// NotFinite is an update with NaN or an infinity.
	NotFinite Reason = "not_finite"
	// OutOfRange is an addition larger than a counter can hold, or to a gauge that is
	// as great as one can be; where updates do not look, it is not counted.
	OutOfRange Reason = "out_of_range"
	// SumOverflow is a series of which a sum has reached the end of its range, at which
	// it stays: of whole numbers 2^61-1, of others the greatest finite one. It is
	// counted once for each series when a collection finds it, since updates do not
	// look at totals.
	SumOverflow Reason = "overflow"
	// OverBudget is a gauge's update for a label set beyond the budget, which
	// cannot be merged with others as a sum can.
	OverBudget Reason = "over_budget"
	// Merged is a gauge's update for label values that stand for several, which
	// would pass for the value of all of them.
	Merged Reason = "merged"
	// Closed is an update of an instrument that was closed.
	Closed Reason = "closed"
	// BadBuckets is a distribution whose counts do not fit its bounds.
	BadBuckets Reason = "bad_buckets"
	// Fraction is a value of a callback that is no whole number, where whole numbers
	// are kept.
	Fraction Reason = "fraction"
	// CallbackPanicked is a callback or a collect hook that panicked during a collection.
	CallbackPanicked Reason = "callback_panicked"
)

// selfMetrics are the registry's own instruments.
type selfMetrics struct {
	dropped, overflowed, rejected *Instrument
	logged                        *sync.Map
}

func defineSelfMetrics(r *Registry) selfMetrics {
	counter := func(name, help string, keys ...string) *Instrument {
		i, err := r.Define(Definition{Descriptor: metric.Descriptor{
			Name: name, Scope: []string{"metertree"}, Kind: metric.Counter, Help: help, Keys: keys,
		}})
		if err != nil {
			// The definitions are constants of this file, so only a defect here
			// gets here, at the first construction in any test.
			panic(err)
		}
		return i
	}
	return selfMetrics{
		dropped: counter("metertree_dropped_updates_total",
			"Updates that were not taken, by metric and reason.", "metric", "reason"),
		overflowed: counter("metertree_overflow_total",
			"Updates of label sets beyond a metric's series budget, merged on the key that has the most values.", "metric", "key"),
		rejected: counter("metertree_rejected_definitions_total",
			"Instruments that do nothing because their definition was invalid or conflicting."),
		logged: &sync.Map{},
	}
}

// drop counts an update that was not taken and logs the first of its kind.
func (r *Registry) drop(metric string, why Reason) {
	if r.self.dropped == nil {
		return
	}
	r.self.dropped.AddInt(1, metric, string(why))
	if r.firstOf(metric, string(why)) {
		r.options.Logger.Warn("metric update dropped; further ones are only counted",
			slog.String("metric", metric), slog.String("reason", string(why)))
	}
}

// Reject counts and logs a definition that failed where the caller has no way
// to return the error.
func (r *Registry) Reject(err error) {
	r.self.rejected.AddInt(1)
	if r.firstOf("", err.Error()) {
		r.options.Logger.Error("instrument does nothing: its definition was rejected", "err", err)
	}
}

// firstOf reports whether there is a logger that has not yet heard of this.
func (r *Registry) firstOf(metric, what string) bool {
	if r.options.Logger == nil {
		return false
	}
	_, heard := r.self.logged.LoadOrStore([2]string{metric, what}, struct{}{})
	return !heard
}
