package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// pair is a tree.Source of two expositions: the later one, with the earlier as its
// history. What increases is shown as totals, because nothing tells how much time
// is between the two.
type pair struct {
	*tree.Snapshot
	before, after samples
	restarted     int // series that increase, and are less than they were
}

// samples are those of one exposition, by name.
type samples map[string][]tree.Sample

// pairMoment is when the later exposition is of; all before is the earlier one.
var pairMoment = time.Unix(1<<31, 0)

// openPair opens the exposition that the flags name, and an earlier one.
func (f SourceFlags) openPair(ctx context.Context, before string, streams Streams) (*place, []string, error) {
	var sides []string
	var kept []samples
	var last *tree.Snapshot
	for _, target := range []string{before, f.From} {
		sink := pairSink{tree.NewSnapshotBuilder(), samples{}}
		input := f.input(target, streams.In)
		err := input.stream(ctx, func(r io.Reader, format prom.Format) error {
			return prom.ReadExposition(r, format, sink)
		})
		if err != nil {
			return nil, nil, err
		}
		sides, kept, last = append(sides, input.name()), append(kept, sink.samples), sink.Build()
	}
	source := pair{Snapshot: last, before: kept[0], after: kept[1]}
	if err := source.countRestarted(ctx); err != nil {
		return nil, nil, err
	}
	t := tree.New(source, wholeTree)
	t.SetClock(func() time.Time { return pairMoment })
	return &place{viewer: t, name: sides[1], source: source, instant: true, close: func() {}}, sides, nil
}

// pairSink builds a snapshot and keeps the samples too.
type pairSink struct {
	*tree.SnapshotBuilder
	samples samples
}

// Declare implements prom.ExpositionSink.
func (s pairSink) Declare(d prom.Declaration) {
	s.SnapshotBuilder.Declare(d.Family, tree.Metadata{Kind: tree.ParseKind(d.Type), Unit: d.Unit, Help: d.Help})
}

// Add implements prom.ExpositionSink.
func (s pairSink) Add(sample tree.Sample) {
	s.SnapshotBuilder.Add(sample)
	s.samples[sample.Name] = append(s.samples[sample.Name], sample)
}

// Families implements tree.Source. Totals are shown as sums of what there is.
func (p pair) Families(ctx context.Context) ([]tree.Family, error) {
	families, err := p.Snapshot.Families(ctx)
	for i, f := range families {
		if f.Kind.Observes() {
			families[i].Unit = "" // the number of observations
		}
		if f.Increases() {
			families[i].Kind = tree.KindGauge
		}
	}
	return families, err
}

// event is what one event adds to a total: 1 to what counts without a unit. A ratio
// divides counts.
func (p pair) event(metric string) float64 {
	families, _ := p.Snapshot.Families(context.Background()) // never fails
	for _, f := range families {
		if f.Name == metric && !f.Kind.Observes() && (f.Kind != tree.KindCounter || f.Unit != "") {
			return 0
		}
	}
	return 1
}

// countRestarted counts what began anew between the two expositions.
func (p *pair) countRestarted(ctx context.Context) error {
	families, err := p.Snapshot.Families(ctx)
	for _, f := range families {
		if !f.Increases() {
			continue
		}
		was := make(map[string]float64)
		for _, s := range p.before.of(f) {
			was[fmt.Sprintf("%q", s.Labels)] = s.Value
		}
		for _, s := range p.after.of(f) {
			if s.Value < was[fmt.Sprintf("%q", s.Labels)] {
				p.restarted++
			}
		}
	}
	return err
}

// Notices implements tree.Noticer.
func (p pair) Notices() []string {
	notices := p.Snapshot.Notices()
	if p.restarted > 0 {
		notices = append(notices, fmt.Sprintf("%s less than before, because the program began anew in between: compare two expositions of one run", counted(p.restarted, "total is", "totals are")))
	}
	return notices
}

// Leaves implements tree.Source.
func (p pair) Leaves(_ context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	side := p.after
	if q.Moment.End.Before(pairMoment) {
		side = p.before
	}
	leaves := make(map[string]*tree.Leaf)
	var order []string
	query := tree.Query{Selector: q.Selector}
	for _, s := range side.of(q.Family) {
		if !query.Selects(tree.Part{Family: q.Family, Where: q.Where}, s.label) {
			continue
		}
		values := make([]string, len(q.By))
		for i, name := range q.By {
			values[i] = s.label(name)
		}
		key := strings.Join(values, "\xff") // cannot occur in UTF-8
		if leaves[key] == nil {
			if len(order) == q.Limit {
				return nil, fmt.Errorf("%w: more than %d", tree.ErrTooMany, q.Limit)
			}
			order = append(order, key)
			leaves[key] = &tree.Leaf{Values: values}
		}
		leaves[key].Value += s.Value
		leaves[key].Streams++
	}
	all := make([]tree.Leaf, len(order))
	for i, key := range order {
		all[i] = *leaves[key]
	}
	return all, nil
}

// labelled is a sample whose labels can be asked for.
type labelled struct{ tree.Sample }

func (s labelled) label(name string) string {
	i := slices.IndexFunc(s.Labels, func(l tree.Label) bool { return l.Name == name })
	if i < 0 {
		return ""
	}
	return s.Labels[i].Value
}

// of are the samples whose values a family is: of a histogram those that count
// its observations.
func (s samples) of(f tree.Family) []labelled {
	name := f.Name
	if f.HasPart("_count") {
		name += "_count"
	}
	all := make([]labelled, len(s[name]))
	for i, sample := range s[name] {
		all[i] = labelled{sample}
	}
	return all
}
