package integrate

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// declarations make the series that declare metrics and ratios tell of what a plan
// exports. They do not change, but for what they remember, and may be used from any
// goroutine.
type declarations struct {
	registry *registry.Registry
	views    *Views
	grouping Grouping
	plan     *plan
	// metrics and ratios are what was made last.
	metrics, ratios atomic.Pointer[retold]
}

// newDeclarations returns nil if metrics are exported as they are declared.
func newDeclarations(r *registry.Registry, p *planner, made *plan) *declarations {
	if p.grouping == Ungrouped && (p.views == nil || len(p.views.views) == 0) {
		return nil
	}
	return &declarations{registry: r, views: p.views, grouping: p.grouping, plan: made}
}

// infoKeys are the labels that declare, by the metric that has them.
var infoKeys = map[string][]string{
	metric.MetricInfo: labelNames(metric.Descriptor{}.Info()),
	metric.RatioInfo:  labelNames(metric.Ratio{}.Info()),
}

// family returns what to read instead of a family that declares, and any other
// family itself.
func (d *declarations) family(f *metric.Family) *metric.Family {
	if d == nil {
		return f
	}
	own := infoKeys[f.Descriptor.Name]
	if own == nil || slices.ContainsFunc(own, func(key string) bool { return !slices.Contains(f.Keys, key) }) {
		return f
	}
	last, begin := &d.metrics, d.retellMetrics
	if f.Descriptor.Name == metric.RatioInfo {
		last, begin = &d.ratios, d.retellRatios
	}
	told := *f
	told.Points = func(yield func(*metric.Point) bool) {
		have := last.Load()
		if !have.madeOf(f) {
			have = retell(f, begin())
			last.Store(have)
		}
		have.yield(yield)
	}
	return &told
}

// retold are series of declarations with those that they were made of.
type retold struct {
	from []metric.LabelSet
	to   []metric.Point
}

// retelling returns what is declared instead, given the values of a declaration's
// labels, and false if nothing is.
type retelling func(value func(label string) string) (metric.Labels, bool)

func retell(f *metric.Family, tell retelling) *retold {
	r := &retold{}
	values := make([]string, 0, len(f.Keys))
	for p := range f.Points {
		r.from = append(r.from, p.Labels)
		values = p.Labels.Values(values[:0], f.Keys)
		at := func(label string) int { return slices.Index(f.Keys, label) }
		labels, ok := tell(func(label string) string { return values[at(label)] })
		if !ok {
			continue
		}
		for _, l := range labels {
			values[at(l.Name)] = l.Value
		}
		to := *p
		to.Labels = metric.EncodeLabels(f.Keys, values)
		r.to = append(r.to, to)
	}
	slices.SortFunc(r.to, func(a, b metric.Point) int { return strings.Compare(string(a.Labels), string(b.Labels)) })
	return r
}

// madeOf reports whether r was made of the series of a family.
func (r *retold) madeOf(f *metric.Family) bool {
	if r == nil {
		return false
	}
	at := 0
	for p := range f.Points {
		if at == len(r.from) || r.from[at] != p.Labels {
			return false
		}
		at++
	}
	return at == len(r.from)
}

// yield yields copies, because readers may write to a point.
func (r *retold) yield(yield func(*metric.Point) bool) {
	var p metric.Point
	for i := range r.to {
		p = r.to[i]
		if !yield(&p) {
			return
		}
	}
}

// retellMetrics returns the retelling of metrics. Of those that are exported under
// one name, the first is declared, with the labels of all.
func (d *declarations) retellMetrics() retelling {
	known := d.known()
	return func(value func(string) string) (metric.Labels, bool) {
		name := value("metric")
		as, exported := known.as[name]
		if !exported || known.under[as.Name][0] != name {
			return nil, false
		}
		return as.Info(), true
	}
}

// retellRatios returns the retelling of ratios.
func (d *declarations) retellRatios() retelling {
	known := d.known()
	return func(value func(string) string) (metric.Labels, bool) {
		ratio, err := metric.ParseRatioInfo(value)
		if err != nil || !known.rename(&ratio) {
			return nil, false
		}
		return ratio.Info(), true
	}
}

// known are the metrics of a registry that are not hidden.
type known struct {
	// as has each as it is exported, by its name in the registry; its keys are the
	// labels in the order in which they are to be expanded along.
	as map[string]metric.Descriptor
	// own are those of its own labels that are exported.
	own map[string][]string
	// under has the names in the registry by the one they are exported under.
	under map[string][]string
}

// known returns the metrics that there are now. One that has no series yet is told
// as it would be exported.
func (d *declarations) known() *known {
	k := &known{as: map[string]metric.Descriptor{}, own: map[string][]string{}, under: map[string][]string{}}
	for descriptor := range d.registry.Declarations() {
		f := metric.Family{Descriptor: descriptor, Keys: slices.Sorted(slices.Values(descriptor.Keys))}
		t := d.treatment(&f)
		if t.hidden {
			continue
		}
		name, as := descriptor.Name, t.out
		as.Keys, as.DefaultKeys = ordered(t.keys(), descriptor.Axes()), nil
		if earlier := k.under[as.Name]; len(earlier) > 0 {
			first := k.as[earlier[0]]
			first.Keys = ordered(slices.Concat(first.Keys, as.Keys), first.Keys)
			k.as[earlier[0]] = first
		}
		k.as[name], k.own[name] = as, t.ownKeys()
		k.under[as.Name] = append(k.under[as.Name], name)
	}
	return k
}

// treatment returns what becomes of a metric.
func (d *declarations) treatment(f *metric.Family) treatment {
	if s := d.plan.sources[f.Descriptor.Name]; s != nil && s.definition.describes(f) {
		return s.treatment
	}
	t, _ := d.views.apply(&f.Descriptor, f.Keys, d.grouping)
	return t
}

// ordered returns names, those that are first among them in that order.
func ordered(names, first []string) []string {
	all := slices.DeleteFunc(slices.Clone(first), func(name string) bool { return !slices.Contains(names, name) })
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// ownKeys returns the labels of the metric itself that are exported.
func (t *treatment) ownKeys() (keys []string) {
	for _, p := range t.parts {
		if p.from != constant {
			keys = append(keys, p.name)
		}
	}
	return keys
}

// rename makes a ratio one of the metrics as they are exported, and reports whether
// it can be computed of these: they are exported, each alone under its name and
// with the labels that are selected by, and the ratio's name is not taken.
func (k *known) rename(r *metric.Ratio) bool {
	if len(k.under[r.Name]) > 0 {
		return false
	}
	axes := slices.Clone(r.Axes)
	for _, side := range [...]*metric.Selection{&r.Numerator, &r.Denominator} {
		as, exported := k.as[side.Metric]
		own := k.own[side.Metric]
		lacks := func(label string) bool { return !slices.Contains(own, label) }
		if !exported || len(k.under[as.Name]) > 1 || slices.ContainsFunc(side.Matchers, func(m metric.Matcher) bool { return lacks(m.Label) }) {
			return false
		}
		side.Metric = as.Name
		axes = slices.DeleteFunc(axes, lacks)
	}
	r.Axes = axes
	return true
}
