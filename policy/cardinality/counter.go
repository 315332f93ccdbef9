package cardinality

import (
	"cmp"
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Bounds on what a Counter holds. Beyond them it counts what it leaves out.
const (
	// MaxMetrics is how many metrics are counted apart.
	MaxMetrics = 50_000
	// MaxLabels is how many labels of one metric are counted.
	MaxLabels = 64
	// MaxPaired is how many labels of one metric, the first that were seen, are
	// counted in pairs.
	MaxPaired = 12
	// maxLeftOut is how many labels beyond MaxLabels are told apart.
	maxLeftOut = 1000
)

// Counter counts series. It is used by one goroutine at a time. For a metric it
// holds no more than two numbers for each label and one for each pair, each of
// which takes up to 40 KB until it is an estimate and 4 KB from then on.
type Counter struct {
	thresholds policy.Thresholds
	seed       maphash.Seed
	series     int
	uncounted  int
	metrics    map[string]*counted
}

// counted is what is known of one metric.
type counted struct {
	series int
	// all are the label sets; labels without one of them are cloned from it.
	all     distinct
	order   []string
	labels  map[string]*countedLabel
	pairs   map[[2]string]*distinct
	leftOut map[string]struct{}
}

type countedLabel struct {
	series          int
	values, without *distinct
}

// NewCounter returns a counter that judges labels by the given thresholds, whose
// zero value stands for the default.
func NewCounter(thresholds policy.Thresholds) *Counter {
	return &Counter{thresholds: thresholds, seed: maphash.MakeSeed(), metrics: map[string]*counted{}}
}

// Of counts all series of an iterator, which yields the name of a metric and the
// label set of a series. It may reuse the set.
func Of(series iter.Seq2[string, []metric.Label], thresholds policy.Thresholds) Report {
	c := NewCounter(thresholds)
	for name, labels := range series {
		c.Add(name, labels)
	}
	return c.Report()
}

// Add counts one series. It is to be called once for each, with each label name
// once; the order of labels does not matter. Nothing given is kept but names.
func (c *Counter) Add(name string, labels []metric.Label) {
	c.series++
	m := c.metrics[name]
	if m == nil {
		if len(c.metrics) >= MaxMetrics {
			c.uncounted++
			return
		}
		m = &counted{labels: map[string]*countedLabel{}, pairs: map[[2]string]*distinct{}, leftOut: map[string]struct{}{}}
		c.metrics[strings.Clone(name)] = m
	}
	m.series++
	set := newHashed(c.seed, labels)
	m.meet(set)
	m.count(set)
}

// hashed is a label set as hashes; that of the set is the sum of its labels', so
// that a label can be taken out.
type hashed struct {
	labels []metric.Label
	hashes []uint64
	sum    uint64
}

func newHashed(seed maphash.Seed, labels []metric.Label) hashed {
	set := hashed{labels: labels, hashes: make([]uint64, len(labels))}
	var h maphash.Hash
	h.SetSeed(seed)
	for i, l := range labels {
		if l.Value == "" {
			continue // as if it were not there
		}
		h.Reset()
		// A name has no NUL, which separates it from the value.
		_, _ = h.WriteString(l.Name)
		_ = h.WriteByte(0)
		_, _ = h.WriteString(l.Value)
		set.hashes[i] = h.Sum64()
		set.sum += set.hashes[i]
	}
	return set
}

// meet makes room for labels that the metric has not had before.
func (m *counted) meet(set hashed) {
	for _, l := range set.labels {
		if l.Value == "" || m.labels[l.Name] != nil {
			continue
		}
		name := strings.Clone(l.Name)
		if len(m.labels) >= MaxLabels {
			if len(m.leftOut) < maxLeftOut {
				m.leftOut[name] = struct{}{}
			}
			continue
		}
		// The series so far have not had it, so that they are without it what
		// they are.
		m.labels[name] = &countedLabel{values: &distinct{}, without: m.all.clone()}
		m.order = append(m.order, name)
	}
}

// count counts a set whose labels are all known.
func (m *counted) count(set hashed) {
	m.all.add(mixed(set.sum))
	var paired [MaxPaired]uint64
	for at, name := range m.order {
		label := m.labels[name]
		own := set.hashOf(name)
		label.without.add(mixed(set.sum - own))
		if own == 0 {
			continue
		}
		label.series++
		label.values.add(own)
		if at < MaxPaired {
			paired[at] = own
		}
	}
	for i, a := range paired[:min(MaxPaired, len(m.order))] {
		for j, b := range paired[:i] {
			if a != 0 && b != 0 {
				m.pair(m.order[j], m.order[i]).add(mixed(a + b))
			}
		}
	}
}

// hashOf returns the hash of a label, or 0 if the set does not have it.
func (s hashed) hashOf(name string) uint64 {
	for i, l := range s.labels {
		if l.Name == name {
			return s.hashes[i]
		}
	}
	return 0
}

func (m *counted) pair(a, b string) *distinct {
	if a > b {
		a, b = b, a
	}
	key := [2]string{a, b}
	d := m.pairs[key]
	if d == nil {
		d = &distinct{}
		m.pairs[key] = d
	}
	return d
}

// mixed spreads the bits of a sum of hashes (the finisher of MurmurHash3).
func mixed(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Report returns what was counted so far.
func (c *Counter) Report() Report {
	r := Report{Series: c.series, Uncounted: c.uncounted}
	totals := map[string]*LabelTotal{}
	for name, m := range c.metrics {
		one := m.report(name, c.thresholds)
		r.Metrics = append(r.Metrics, one)
		for _, l := range one.Labels {
			t := totals[l.Name]
			if t == nil {
				t = &LabelTotal{Name: l.Name}
				totals[l.Name] = t
			}
			t.Series += m.labels[l.Name].series
			t.Metrics++
			if l.Values.Count > t.MostValues.Count {
				t.MostValues = l.Values
			}
		}
	}
	for _, t := range totals {
		r.Labels = append(r.Labels, *t)
	}
	slices.SortFunc(r.Metrics, func(a, b Metric) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(r.Labels, func(a, b LabelTotal) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), strings.Compare(a.Name, b.Name))
	})
	return r
}

func (m *counted) report(name string, thresholds policy.Thresholds) Metric {
	r := Metric{Name: name, Series: m.series, LabelsLeftOut: len(m.leftOut)}
	for name, l := range m.labels {
		values := l.values.count().atMost(l.series)
		if l.series < m.series {
			values.Count++ // those without it
		}
		r.Labels = append(r.Labels, Label{
			Name:    name,
			Values:  values,
			Level:   thresholds.Level(values.Count),
			Without: l.without.count().atMost(m.series),
		})
	}
	slices.SortFunc(r.Labels, func(a, b Label) int {
		return cmp.Or(cmp.Compare(b.Values.Count, a.Values.Count), strings.Compare(a.Name, b.Name))
	})
	for key, d := range m.pairs {
		r.Pairs = append(r.Pairs, Pair{key, d.count().atMost(m.series)})
	}
	slices.SortFunc(r.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Values.Count, a.Values.Count), slices.Compare(a.Labels[:], b.Labels[:]))
	})
	return r
}

// atMost keeps an estimate from exceeding what is known for certain.
func (n Number) atMost(known int) Number {
	n.Count = min(n.Count, known)
	return n
}
