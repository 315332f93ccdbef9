package inspect

import (
	"maps"
	"slices"

	"github.com/metertree/metertree/policy/naming"
)

// Metrics describes the families as the naming rules want them.
func (e *Exposition) Metrics() []naming.Metric {
	metrics := make([]naming.Metric, 0, len(e.Families))
	for _, f := range e.Families {
		metrics = append(metrics, f.describe())
	}
	return metrics
}

// kinds are the types that the rules know; of others they know nothing.
var kinds = map[string]naming.Kind{
	"counter":   naming.Counter,
	"gauge":     naming.Gauge,
	"histogram": naming.Histogram,
	"summary":   naming.Summary,
	"info":      naming.Info,
	"stateset":  naming.StateSet,
}

func (f Family) describe() naming.Metric {
	m := naming.Metric{Name: f.Name, Kind: kinds[f.Type], Help: f.Help, Unit: f.Unit}
	values := map[string]map[string]bool{}
	for _, p := range f.Parts {
		m.Samples = append(m.Samples, p.Name)
		for _, s := range p.Series {
			for _, l := range s.Labels {
				if values[l.Name] == nil {
					values[l.Name] = map[string]bool{}
				}
				values[l.Name][l.Value] = true
			}
		}
	}
	delete(values, f.special())
	for _, name := range slices.Sorted(maps.Keys(values)) {
		m.Labels = append(m.Labels, naming.Label{Name: name, Values: len(values[name]), Some: slices.Sorted(maps.Keys(values[name]))})
	}
	return m
}
