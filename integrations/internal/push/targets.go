package push

import (
	"maps"
	"slices"

	"github.com/metertree/metertree/meter"
)

// Targets are the exporters of one kind that share metrics, by the names of their
// targets.
type Targets[E any] map[string]E

// Only returns the one exporter of its kind, whose metrics need no name.
func Only[E any](e E) Targets[E] { return Targets[E]{"": e} }

// Counts returns the counts of all exporters.
func (t Targets[E]) Counts(of func(E) *Counts) Targets[*Counts] {
	all := Targets[*Counts]{}
	for target, e := range t {
		all[target] = of(e)
	}
	return all
}

// Counter shows a counter of all exporters. The read function shows the values of
// one, each with those of the keys. Unless there is an Only one, the label target
// comes first.
func (t Targets[E]) Counter(scope meter.Scope, name, help string, keys []string, read func(e E, show func(n uint64, values ...string))) error {
	of := maps.Clone(t)
	_, unnamed := of[""]
	if unnamed = unnamed && len(of) == 1; !unnamed {
		keys = slices.Concat([]string{"target"}, keys)
	}
	return scope.CounterFunc(name, func(o *meter.Observer) {
		for target, e := range of {
			read(e, func(n uint64, values ...string) {
				if !unnamed {
					values = slices.Concat([]string{target}, values)
				}
				o.Float(float64(n), values...)
			})
		}
	}, meter.Keys(keys...), meter.Help(help))
}

// outcome is the key of counters by what became of things.
var outcome = []string{"outcome"}

// InstrumentItems shows by a counter of a scope what became of the items.
func InstrumentItems(scope meter.Scope, targets Targets[*Counts], name, help string) error {
	return targets.Counter(scope, name, help, outcome, func(c *Counts, show func(uint64, ...string)) {
		show(c.Delivered.Load(), "delivered")
		show(c.Rejected.Load(), "rejected")
	})
}

// InstrumentRequests shows by requests_total of a scope what became of requests.
func InstrumentRequests(scope meter.Scope, targets Targets[*Counts]) error {
	const help = "Requests attempted, and of these those repeated, failed for good or too large."
	return targets.Counter(scope, "requests_total", help, outcome, func(c *Counts, show func(uint64, ...string)) {
		show(c.Attempts.Load(), "attempted")
		show(c.Retries.Load(), "retried")
		show(c.Failures.Load(), "failed")
		show(c.Split.Load(), "split")
	})
}
