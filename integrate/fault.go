package integrate

import (
	"log/slog"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// reason says which part of the views could not be applied to a metric.
type reason string

const (
	// contradictory are views that contradict one another for the metric, or that
	// cannot be meant for its kind. It is hidden.
	contradictory reason = "contradiction"
	// badLabels are labels that cannot be made as the views say. It is hidden, since
	// what the views drop must not get out.
	badLabels reason = "labels"
	// badValues are values that cannot be made of what is kept. It is exported with
	// its values as they are kept, and otherwise as the views say.
	badValues reason = "values"
	// badName is a name that another metric has. It is exported under its own name,
	// and otherwise as the views say.
	badName reason = "name"
)

// outcomes tell what becomes of the metric.
var outcomes = map[reason]string{
	contradictory: "metric is not exported: views contradict one another for it, or do not fit its kind",
	badLabels:     "metric is not exported: its labels cannot be made as the views say",
	badValues:     "metric is exported with its values as they are kept: they cannot be made as the views say",
	badName:       "metric is exported under its own name: it cannot have the one that the views give it",
}

// fault is what could not be done as the views say.
type fault struct {
	metric string
	// reason is empty if it is not for the views that a metric is in the way.
	reason reason
	err    error
}

// newFailures returns the counter of faults, which all integrators of a registry
// share.
func newFailures(r *registry.Registry) meter.Counter {
	return meter.New(r).Scope("metertree").Counter("view_failures_total", meter.Keys("exporter", "metric", "reason"),
		meter.Help("Metrics that an exporter's views could not be applied to: hidden from it (contradiction, labels), or exported with its own values or name."))
}

// report counts and logs the faults that the plan before did not have.
func (in *Integrator) report(p *planner) {
	now := make(map[string]bool, len(p.faults))
	for _, f := range p.faults {
		now[f.err.Error()] = true
		if f.reason != "" && !in.failing[f.err.Error()] {
			in.failures.Add(1, in.options.Exporter, f.metric, string(f.reason))
		}
		message, known := outcomes[f.reason]
		if !known {
			message = "metric is not exported while a closed one is in its way"
		}
		in.warn(message, slog.Any("err", f.err), f.err.Error())
	}
	in.failing = now
	for _, note := range p.notes {
		in.warn("metric is exported with all of its labels", slog.String("reason", note), note)
	}
}

// apply returns what views and grouping make of a metric. Where that cannot be
// done, it returns what can be without exporting a label that the views drop, and
// the fault.
func (v *Views) apply(d *metric.Descriptor, keys []string, grouping Grouping) (treatment, *fault) {
	s, err := v.settings(d)
	if err != nil {
		return hidden(d, keys), &fault{d.Name, contradictory, err}
	}
	t, err := s.treat(d, keys, grouping)
	if err == nil {
		return t, nil
	}
	s.keepValues()
	if t, failed := s.treat(d, keys, grouping); failed == nil {
		return t, &fault{d.Name, badValues, err}
	}
	return hidden(d, keys), &fault{d.Name, badLabels, err}
}

// applyKept is apply without what the views say of values.
func (v *Views) applyKept(d *metric.Descriptor, keys []string, grouping Grouping) treatment {
	s, err := v.settings(d)
	if err != nil {
		return hidden(d, keys)
	}
	s.keepValues()
	t, err := s.treat(d, keys, grouping)
	if err != nil {
		return hidden(d, keys)
	}
	return t
}

// keepValues takes out what is asked for of the form of values.
func (s *settings) keepValues() {
	s.aggregation, s.buckets, s.size = metric.AggregationDefault, nil, 0
}

// hidden is the treatment of a metric that is not exported.
func hidden(d *metric.Descriptor, keys []string) treatment {
	t := untreated(d, keys)
	t.hidden = true
	return t
}
