package tree

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Sample is one line of an exposition. Labels are sorted by name and hold
// neither the metric's name nor empty values.
type Sample struct {
	Name   string
	Labels []Label
	Value  float64
}

func (s Sample) label(name string) string { return valueOf(s.Labels, name) }

// valueOf is the value of a label, "" for one that is not set.
func valueOf(labels []Label, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// Snapshot is a Source over samples of one instant. It is immutable and safe for
// concurrent use.
type Snapshot struct {
	families []Family
	byName   map[string]Family
	ratios   []metric.Ratio
	notices  []string
	streams  map[string][]*stream // by family, in the order first seen
}

// stream is the part of a family that shares one label set: a histogram's
// buckets, sum and count are one stream.
type stream struct {
	labels  []Label
	series  int
	value   float64 // of a plain metric, or the count of observations
	buckets []Bucket
}

// complete sorts the buckets, the last of which counts the observations when
// nothing else does.
func (s *stream) complete() {
	sort.Slice(s.buckets, func(i, j int) bool { return s.buckets[i].UpperBound < s.buckets[j].UpperBound })
	if n := len(s.buckets); n > 0 && math.IsNaN(s.value) && math.IsInf(s.buckets[n-1].UpperBound, 1) {
		s.value = s.buckets[n-1].Count
	}
}

func (s *stream) label(name string) string { return valueOf(s.labels, name) }

// SnapshotBuilder collects samples. It is not safe for concurrent use.
type SnapshotBuilder struct {
	meta     map[string]Metadata
	declared Declarations
	counts   map[string]int
	samples  []Sample
}

// NewSnapshotBuilder returns an empty builder.
func NewSnapshotBuilder() *SnapshotBuilder {
	return &SnapshotBuilder{meta: make(map[string]Metadata), counts: make(map[string]int)}
}

// Add takes a sample. The builder keeps the labels; the caller must not change them.
func (b *SnapshotBuilder) Add(s Sample) {
	b.counts[s.Name]++
	b.declared.Add(s.Name, s.label)
	b.samples = append(b.samples, s)
}

// Declare merges what md says about the family name into what is known of it.
func (b *SnapshotBuilder) Declare(name string, md Metadata) {
	old := b.meta[name]
	if md.Kind != KindUnknown {
		old.Kind = md.Kind
	}
	if md.Unit != "" {
		old.Unit = md.Unit
	}
	if md.Help != "" {
		old.Help = md.Help
	}
	if md.Fold != FoldUndeclared {
		old.Fold = md.Fold
	}
	if md.Role != metric.RoleNone {
		old.Role = md.Role
	}
	if md.Axes != nil {
		old.Axes = md.Axes
	}
	b.meta[name] = old
}

// Samples is the number of samples taken so far.
func (b *SnapshotBuilder) Samples() int { return len(b.samples) }

// Build returns the snapshot of what was added. The builder must not be used after.
func (b *SnapshotBuilder) Build() *Snapshot {
	s := &Snapshot{
		families: Assemble(b.counts, b.declared.Into(b.meta)),
		ratios:   b.declared.Ratios(),
		notices:  b.declared.Notices(),
		byName:   make(map[string]Family),
		streams:  make(map[string][]*stream),
	}
	owner := make(map[string]Family)
	for _, f := range s.families {
		s.byName[f.Name] = f
		for _, part := range f.Parts {
			owner[part] = f
		}
	}
	seen := make(map[string]*stream)
	for _, sample := range b.samples {
		s.place(owner[sample.Name], sample, seen)
	}
	for _, list := range s.streams {
		for _, st := range list {
			st.complete()
		}
	}
	return s
}

func (s *Snapshot) place(f Family, sample Sample, seen map[string]*stream) {
	labels, special := sample.Labels, ""
	if f.Kind.Observes() {
		labels, special = splitSpecial(sample.Labels, f.Kind)
	}
	key := streamKey(f.Name, labels)
	st := seen[key]
	if st == nil {
		st = &stream{labels: labels, value: math.NaN()}
		seen[key] = st
		s.streams[f.Name] = append(s.streams[f.Name], st)
	}
	st.series++
	switch {
	case sample.Name == f.Name+"_count" && f.Kind.Observes(), sample.Name == f.Name && !f.Kind.Observes():
		st.value = sample.Value
	case sample.Name == f.Name+"_bucket":
		if le, err := strconv.ParseFloat(special, 64); err == nil && !math.IsNaN(le) {
			st.buckets = append(st.buckets, Bucket{UpperBound: le, Count: sample.Value})
		}
	}
}

// splitSpecial takes the label that tells a histogram's or summary's own series
// apart out of the labels.
func splitSpecial(labels []Label, k Kind) ([]Label, string) {
	name := "le"
	if k == KindSummary {
		name = "quantile"
	}
	for i, l := range labels {
		if l.Name == name {
			rest := make([]Label, 0, len(labels)-1)
			return append(append(rest, labels[:i]...), labels[i+1:]...), l.Value
		}
	}
	return labels, ""
}

func streamKey(family string, labels []Label) string {
	var b strings.Builder
	b.WriteString(family)
	for _, l := range labels {
		b.WriteByte(0xff) // cannot occur in UTF-8, so the key is unambiguous
		b.WriteString(l.Name)
		b.WriteByte(0xfe)
		b.WriteString(l.Value)
	}
	return b.String()
}

// Families implements Source.
func (s *Snapshot) Families(context.Context) ([]Family, error) {
	return append([]Family(nil), s.families...), nil
}

// Ratios implements Source.
func (s *Snapshot) Ratios(context.Context) ([]metric.Ratio, error) {
	return slices.Clone(s.ratios), nil
}

// Notices implements Noticer.
func (s *Snapshot) Notices() []string { return slices.Clone(s.notices) }

// Axes implements Source.
func (s *Snapshot) Axes(_ context.Context, sel Selector) ([]Axis, error) {
	streams, err := s.selected(Query{Family: s.byName[sel.Metric], Selector: sel})
	if err != nil {
		return nil, err
	}
	return countAxes(sel, len(streams), func(visit func([]Label)) {
		for _, st := range streams {
			visit(st.labels)
		}
	}), nil
}

// selected are the streams of all parts of a query.
func (s *Snapshot) selected(q Query) ([]*stream, error) {
	if _, ok := s.byName[q.Selector.Metric]; !ok {
		return nil, fmt.Errorf("metric %q: %w: check the name, or list the tree without a filter", q.Selector.Metric, ErrUnknownMetric)
	}
	var out []*stream
	for _, part := range q.Parts() {
		for _, st := range s.streams[part.Family.Name] {
			if q.Selects(part, st.label) {
				out = append(out, st)
			}
		}
	}
	return out, nil
}

// Fold implements Source. Counters and observations are totals.
func (s *Snapshot) Fold(ctx context.Context, queries []Query) ([]Result, error) {
	results := make([]Result, len(queries))
	for i, q := range queries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = s.fold(q)
	}
	return results, nil
}

func (s *Snapshot) fold(q Query) Result {
	if q.Moment != (Moment{}) {
		return Result{Err: errOneInstant}
	}
	streams, err := s.selected(q)
	if err != nil {
		return Result{Err: err}
	}
	r := Result{Total: foldStreams(q, streams), MixedBuckets: mixedBuckets(streams)}
	for _, st := range streams {
		r.SkippedNaN = r.SkippedNaN || math.IsNaN(st.value)
	}
	if q.By == "" {
		return r
	}
	branches := make(map[string][]*stream)
	for _, st := range streams {
		v := st.label(q.By)
		branches[v] = append(branches[v], st)
	}
	for v, list := range branches {
		g := foldStreams(q, list)
		g.Value = v
		r.Groups = append(r.Groups, g)
	}
	r.Arrange(q.Family.Fold, q.BranchLimit())
	return r
}

func foldStreams(q Query, streams []*stream) Group {
	f := q.Family
	g := Group{Streams: len(streams)}
	acc := Accumulator{Fold: f.Fold}
	var histograms [][]Bucket
	for _, st := range streams {
		g.Series += st.series
		acc.Add(st.value)
		if math.IsNaN(st.value) {
			g.NaNs++
		}
		if len(st.buckets) > 0 {
			histograms = append(histograms, st.buckets)
		}
	}
	g.Reading = Reading{Meaning: MeaningNone, Value: acc.Value()}
	if q.As == MeaningRate && f.Increases() || !f.Fold.Common() && len(streams) > 1 {
		g.Reading.Value = NoData
		return g
	}
	if len(histograms) > 0 {
		g.Reading.Quantiles = QuantilesOf(MergeBuckets(histograms))
	}
	switch {
	case g.Reading.Value.IsNaN():
	case f.Increases():
		g.Reading.Meaning = MeaningTotal
	default:
		g.Reading.Meaning = GaugeMeaning(f.Fold, len(streams))
	}
	return g
}

// QuantilesOf estimates the quantiles that a reading carries.
func QuantilesOf(merged []Bucket) []Quantile {
	quantiles := make([]Quantile, len(readingQuantiles))
	for i, q := range readingQuantiles {
		quantiles[i] = Quantile{Q: q, Value: Number(BucketQuantile(q, merged))}
	}
	return quantiles
}

// mixedBuckets reports whether there are histograms with unlike bounds.
func mixedBuckets(streams []*stream) bool {
	var first []Bucket
	for _, st := range streams {
		switch {
		case len(st.buckets) == 0:
		case first == nil:
			first = st.buckets
		case !slices.EqualFunc(first, st.buckets, func(a, b Bucket) bool { return a.UpperBound == b.UpperBound }):
			return true
		}
	}
	return false
}

var errOneInstant = fmt.Errorf("one exposition: %w: look at a server that scrapes it to see values over time", ErrNoHistory)

// Range implements Source: a snapshot has no history.
func (s *Snapshot) Range(context.Context, Query, Window) (RangeResult, error) {
	return RangeResult{}, errOneInstant
}

// Leaves implements Source: a snapshot has no history.
func (s *Snapshot) Leaves(context.Context, LeavesQuery) ([]Leaf, error) { return nil, errOneInstant }
