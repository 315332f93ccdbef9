package metertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Readings are what metrics were at one moment, or what changed between two. Its
// methods are those of Metrics of the same names.
type Readings struct {
	t        TB
	families map[string]*family
	changes  bool // between two moments
}

// family is a metric, whether or not it has series.
type family struct {
	name   string
	kind   metric.Kind
	keys   []string // of all labels, sorted
	series []*series
}

// series is one label set.
type series struct {
	labels metric.Labels // set ones
	start  time.Time
	value  float64 // of what is no histogram
	hist   Histogram
}

// read collects all that is defined.
func read(t TB, r *registry.Registry) *Readings {
	now := &Readings{t: t, families: make(map[string]*family)}
	for d := range r.Declarations() {
		now.families[d.Name] = &family{name: d.Name, kind: d.Kind, keys: d.AllKeys()}
	}
	for f := range r.Collect(context.Background()) {
		d := &f.Descriptor
		own := &family{name: d.Name, kind: d.Kind, keys: slices.Clone(f.Keys)}
		for p := range f.Points {
			s := &series{start: p.Start}
			for name, value := range p.Labels.All(f.Keys) {
				if value != "" {
					s.labels = append(s.labels, metric.Label{Name: name, Value: strings.Clone(value)})
				}
			}
			switch {
			case d.Kind == metric.Histogram:
				s.hist = histogramOf(d, p)
			case d.Number == metric.Float64:
				s.value = p.Float
			default:
				s.value = float64(p.Int)
			}
			own.series = append(own.series, s)
		}
		now.families[d.Name] = own
	}
	return now
}

// Counter is Metrics.Counter of the moment.
func (r *Readings) Counter(name string, labels ...string) float64 {
	r.t.Helper()
	return r.sum(metric.Counter, name, labels)
}

// UpDownCounter is Metrics.UpDownCounter of the moment.
func (r *Readings) UpDownCounter(name string, labels ...string) float64 {
	r.t.Helper()
	return r.sum(metric.UpDownCounter, name, labels)
}

func (r *Readings) sum(kind metric.Kind, name string, labels []string) (sum float64) {
	r.t.Helper()
	for _, s := range r.find(kind, name, labels) {
		sum += s.value
	}
	return sum
}

// Gauge is Metrics.Gauge of the moment.
func (r *Readings) Gauge(name string, labels ...string) float64 {
	r.t.Helper()
	found := r.find(metric.Gauge, name, labels)
	switch len(found) {
	case 0: // it failed, or nothing changed
		return 0
	case 1:
		return found[0].value
	default:
		r.t.Fatalf("metertest: %s is %d gauges, of which there is no one value: give more labels\n%s",
			selection(name, labels), len(found), listSeries(found))
		return 0
	}
}

// Histogram is Metrics.Histogram of the moment.
func (r *Readings) Histogram(name string, labels ...string) Histogram {
	r.t.Helper()
	all := Histogram{t: r.t, name: selection(name, labels)}
	for _, s := range r.find(metric.Histogram, name, labels) {
		all.add(s.hist)
	}
	return all
}

// Absent is Metrics.Absent of the moment; of changes, it fails the test if something
// changed.
func (r *Readings) Absent(name string, labels ...string) {
	r.t.Helper()
	wanted, err := pairs(labels)
	if err != nil {
		r.t.Fatalf("metertest: %s: %v", name, err)
		return
	}
	f := r.families[name]
	if f == nil {
		return
	}
	found := slices.DeleteFunc(f.selected(wanted), func(s *series) bool { return r.changes && s.unchanged() })
	if len(found) > 0 {
		r.t.Errorf("metertest: %s is there, and should not be\n%s", selection(name, labels), listSeries(found))
	}
}

func (s *series) unchanged() bool { return s.value == 0 && s.hist.Count == 0 && s.hist.Sum == 0 }

// Names are those of the metrics that have series, sorted, without the registry's
// own.
func (r *Readings) Names() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.families)) {
		if len(r.families[name].series) > 0 && !strings.HasPrefix(name, "metertree_") {
			names = append(names, name)
		}
	}
	return names
}

// find returns the series selected. Without any the test ends, unless what is asked
// for is a change.
func (r *Readings) find(kind metric.Kind, name string, labels []string) []*series {
	r.t.Helper()
	wanted, err := pairs(labels)
	f := r.families[name]
	switch {
	case err != nil:
	case f == nil:
		err = fmt.Errorf("there is no such metric%s", r.similar(name))
	case f.kind != kind:
		err = fmt.Errorf("it is of the kind %s, not %s: ask for that", f.kind, kind)
	default:
		err = f.lacks(wanted)
	}
	if err != nil {
		r.t.Fatalf("metertest: %s: %v", name, err)
		return nil
	}
	found := f.selected(wanted)
	if len(found) == 0 && !r.changes {
		r.t.Fatalf("metertest: there is no %s%s", selection(name, labels), f.others())
	}
	return found
}

// lacks reports a label that the metric cannot have.
func (f *family) lacks(wanted map[string]string) error {
	for _, label := range slices.Sorted(maps.Keys(wanted)) {
		if !slices.Contains(f.keys, label) {
			return fmt.Errorf("it has no label %q: its labels are %q", label, f.keys)
		}
	}
	return nil
}

func (f *family) selected(wanted map[string]string) (found []*series) {
	for _, s := range f.series {
		fits := true
		for label, value := range wanted {
			have, _ := s.labels.Get(label)
			fits = fits && have == value
		}
		if fits {
			found = append(found, s)
		}
	}
	return found
}

// since takes away what was there before.
func (r *Readings) since(before *Readings) *Readings {
	r.changes = true
	for name, f := range r.families {
		old := make(map[string]*series)
		if was := before.families[name]; was != nil {
			for _, s := range was.series {
				old[s.labelText()] = s
			}
		}
		for _, s := range f.series {
			was := old[s.labelText()]
			if was == nil || !was.start.Equal(s.start) && f.kind != metric.Gauge {
				continue // it began in between
			}
			s.value -= was.value
			s.hist.subtract(was.hist)
		}
	}
	return r
}
