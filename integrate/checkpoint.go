package integrate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Checkpoint is what there is to export at one moment.
type Checkpoint struct {
	// Temporality says whether sums and histograms are totals or deltas.
	Temporality metric.Temporality
	// Start is the time of the last acknowledged checkpoint, or when the
	// integrator was made: when the period of deltas began.
	Start time.Time
	// Time is when the values were read.
	Time time.Time

	integrator *Integrator
	outputs    []*output
	// deltas are acknowledged with the checkpoint; nil for totals.
	deltas *registry.Checkpoint
}

// Checkpoint reads the registry, without running its collect hooks, which
// Registry.Refresh does. What was not acknowledged of the last checkpoint is in
// this one too, and the last one is no longer to be used. If ctx ends first, it
// fails and nothing is lost.
func (in *Integrator) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	if in.reader == nil {
		return nil, ErrClosed
	}
	in.current = nil
	var err error
	c := &Checkpoint{Temporality: in.options.Temporality, Start: in.acked, integrator: in}
	if in.stateful() {
		err = in.addTotals(ctx)
	} else {
		c.deltas, err = in.takeDeltas(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	c.outputs, c.Time = in.plan.outputs, in.options.Now()
	in.current = c
	return c, nil
}

// takeDeltas reads what was counted since the last acknowledged checkpoint.
func (in *Integrator) takeDeltas(ctx context.Context) (*registry.Checkpoint, error) {
	// Hidden metrics are read too, so that what they count while they are hidden
	// does not pile up.
	deltas, err := in.reader.Take(ctx, nil)
	if err != nil {
		return nil, err
	}
	if in.learn(deltas.Families()) {
		in.replan()
	}
	in.plan.pass(deltas.Families())
	in.merge(deltas.Families())
	return deltas, nil
}

// addTotals adds what was counted since to the totals that are held.
func (in *Integrator) addTotals(ctx context.Context) error {
	// Listed once: what passes through has the labels that were learnt.
	families := slices.Values(slices.Collect(in.registry.Families(ctx)))
	if in.learn(families) {
		in.replan()
	}
	deltas, err := in.takeMerged(ctx)
	if err != nil {
		return err
	}
	in.plan.pass(families)
	// Whatever ended with the context is missing.
	if err := ctx.Err(); err != nil {
		return err
	}
	in.merge(deltas.Families())
	return deltas.Ack()
}

// takeMerged reads the metrics that are made into groups.
func (in *Integrator) takeMerged(ctx context.Context) (*registry.Checkpoint, error) {
	for {
		if err := in.giveUp(ctx); err != nil {
			return nil, err
		}
		clear(in.asked)
		deltas, err := in.reader.Take(ctx, in.wants)
		if err != nil || !in.learnNew(deltas.Families()) {
			return deltas, err
		}
		// What was defined since may change what is merged.
		in.replan()
	}
}

// giveUp makes the reader start anew with the metrics whose totals do.
func (in *Integrator) giveUp(ctx context.Context) error {
	if len(in.restart) == 0 {
		return nil
	}
	_, err := in.reader.Take(ctx, func(d *metric.Descriptor) bool { return in.wants(d) && !in.restart[d.Name] })
	if err == nil {
		clear(in.restart)
	}
	return err
}

// wants reports whether a metric is to be read: because it is made into groups,
// or because it is not known yet, under this name at least.
func (in *Integrator) wants(d *metric.Descriptor) bool {
	in.asked[d.Name]++
	s := in.plan.sources[d.Name]
	return s == nil || s.grouped()
}

// grouped reports whether the metric is made into groups.
func (s *source) grouped() bool { return s.output != nil && s.output.groups != nil }

// pass hands families to the outputs that pass them through.
func (p *plan) pass(families iter.Seq[*metric.Family]) {
	for _, o := range p.outputs {
		o.passed = nil
	}
	for f := range families {
		s := p.sources[f.Descriptor.Name]
		if s != nil && s.output != nil && s.output.groups == nil {
			s.output.passed = p.declarations.family(f)
		}
	}
}

// merge merges the series of families into groups.
func (in *Integrator) merge(families iter.Seq[*metric.Family]) {
	for _, o := range in.plan.outputs {
		if o.groups != nil {
			o.begin(in.asked)
		}
	}
	for f := range families {
		s := in.plan.sources[f.Descriptor.Name]
		switch {
		case s == nil || !s.grouped() || !s.definition.describes(f):
		case s.waits:
			s.mergeBeside(f)
		default:
			s.merge(in.plan.declarations.family(f))
		}
	}
	for _, o := range in.plan.outputs {
		if o.groups != nil {
			o.end()
		}
	}
}

// begin starts a collection.
func (o *output) begin(asked map[string]int) {
	g := o.groups
	g.begin()
	for _, s := range o.sources {
		s.waits = asked[s.name] > 1 && accumulates(&o.descriptor)
		if !s.waits {
			s.members.begin()
			continue
		}
		for _, m := range s.members.list {
			g.see(m.group)
		}
	}
}

// merge merges the series of a family into the groups of the output.
func (s *source) merge(f *metric.Family) {
	g := s.output.groups
	for p := range f.Points {
		at, found := s.members.known(p.Labels)
		if !found {
			if at, found = s.members.skipTo(p.Labels); !found {
				at = g.find(s.projection.of(p.Labels))
				s.members.add(p.Labels, at)
			}
		}
		var changed uint64
		if s.tracks {
			changed = s.members.changedAt(p.Float, g.pass)
		}
		g.add(at, p, changed)
	}
}

// mergeBeside merges series that need not be those of the metric itself, and
// remembers none.
func (s *source) mergeBeside(f *metric.Family) {
	g := s.output.groups
	for p := range f.Points {
		g.add(g.find(s.projection.of(p.Labels)), p, 0)
	}
}

// end finishes a collection.
func (o *output) end() {
	for _, s := range o.sources {
		if !s.waits {
			s.members.end()
		}
	}
	to := o.groups.end()
	if to == nil {
		return
	}
	for _, s := range o.sources {
		s.members.renumber(to)
	}
}

// Families yields every metric with at least one series, ordered by name, each
// name and each label set once. It may run more than once until the integrator's
// next checkpoint, and of deltas until Ack. Points of metrics that are merged
// give the same every time, and so do all deltas; totals that pass through are
// read anew each time. A family and its points are valid until the next one.
func (c *Checkpoint) Families() iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for f := range c.Marked() {
			if !yield(f) {
				return
			}
		}
	}
}

// Marked yields what Families does, and marks the families whose points are
// totals that pass through. Copies of these stay valid after the next checkpoint:
// their points are read anew from the registry whenever they are asked for, by
// any goroutine.
func (c *Checkpoint) Marked() iter.Seq2[*metric.Family, bool] {
	return func(yield func(*metric.Family, bool) bool) {
		for _, o := range c.outputs {
			passes := o.groups == nil && c.deltas == nil
			if f := o.show(); f != nil && !yield(f, passes) {
				return
			}
		}
	}
}

// show returns the family to yield, or nil if it has no series.
func (o *output) show() *metric.Family {
	switch {
	case o.groups != nil && len(o.groups.labels) > 0:
		return &o.family
	case o.groups != nil || o.passed == nil:
		return nil
	}
	o.family.Points = o.passed.Points
	return &o.family
}

// Ack says that the checkpoint was delivered: the next one starts from it. It
// fails with registry.ErrSuperseded if another one was taken since, or if it was
// acknowledged before.
func (c *Checkpoint) Ack() error {
	in := c.integrator
	if in.current != c {
		return registry.ErrSuperseded
	}
	if c.deltas != nil {
		if err := c.deltas.Ack(); err != nil {
			return err
		}
	}
	in.current, in.acked = nil, c.Time
	return nil
}
