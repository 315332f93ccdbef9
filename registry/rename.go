package registry

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// exposed is a family under one of the names it is exposed under.
type exposed struct {
	family *family
	shown  *metric.Family
}

// exposed returns families under every name they are exposed under now, ordered
// by name.
func (r *Registry) exposed(families []*family) []exposed {
	list := make([]exposed, 0, len(families))
	now := r.options.Now()
	renamed := false
	for _, f := range families {
		if f.renames == nil {
			list = append(list, exposed{f, &f.shown})
			continue
		}
		renamed = true
		for _, name := range f.renames.Names(f.Name, now) {
			list = append(list, exposed{f, f.under(name)})
		}
	}
	if renamed {
		slices.SortFunc(list, func(a, b exposed) int { return byName(a.shown, b.shown) })
	}
	return list
}

// shown yields every family that has a series, ordered by name, until ctx ends.
func (r *Registry) shown(ctx context.Context) iter.Seq[exposed] {
	return func(yield func(exposed) bool) {
		var last exposed
		for _, f := range r.exposed(r.currentFamilies()) {
			// A metric is yielded with all of its parts or not at all.
			if (f.family.open == nil || last.family == nil || !f.continues(last)) && ctx.Err() != nil {
				return
			}
			last = f
			f.family.settlePending()
			if !f.family.showsNothing() && !yield(f) {
				return
			}
		}
	}
}

func byName(a, b *metric.Family) int { return strings.Compare(a.Descriptor.Name, b.Descriptor.Name) }

// under returns what a collection yields for one of the family's names.
func (f *family) under(name string) *metric.Family {
	if name == f.Name {
		return &f.shown
	}
	return f.earlier[name]
}

// names returns the present name and every earlier one.
func (d *Definition) names() []string {
	names := []string{d.Name}
	for _, r := range d.Renames {
		names = append(names, r.Old)
	}
	return names
}

// validateRenames reports renames that do not lead, one after the other, to the
// metric's name.
func (d *Definition) validateRenames() error {
	if len(d.Renames) == 0 {
		return nil
	}
	if _, err := policy.NewRenames(d.Renames); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	next := map[string]string{}
	for _, rename := range d.Renames {
		next[rename.Old] = rename.New
	}
	for _, rename := range d.Renames {
		last := rename.New
		for next[last] != "" {
			last = next[last]
		}
		if last != d.Name {
			return fmt.Errorf("metric %s: the rename of %s leads to %s: give each rename the name that came next", d.Name, rename.Old, last)
		}
	}
	return nil
}

// prepareRenames makes what is yielded under earlier names.
func (f *family) prepareRenames(d *Definition) {
	f.claimed = d.sampleNames()
	if len(d.Renames) == 0 {
		return
	}
	// The definition was validated.
	f.renames, _ = policy.NewRenames(d.Renames)
	f.earlier = map[string]*metric.Family{}
	for _, r := range d.Renames {
		earlier := f.shown
		earlier.Descriptor.Name = r.Old
		if f.read == nil {
			earlier.Points = f.yieldEarlier
		}
		f.earlier[r.Old] = &earlier
	}
}

// yieldEarlier yields series as they are now. It sweeps the family only if that
// does not happen under its present name.
func (f *family) yieldEarlier(yield func(*metric.Point) bool) {
	if !slices.Contains(f.renames.Names(f.Name, f.registry.options.Now()), f.Name) {
		f.yieldPoints(yield)
		return
	}
	r := f.borrow()
	defer f.passages.Put(r)
	f.pass(r, nil, yield)
}

// noticeRenames logs what there is to do about renames that are over.
func (r *Registry) noticeRenames(f *family) {
	if r.options.Logger == nil {
		return
	}
	for _, notice := range f.renames.Notices(f.Name, r.options.Now()) {
		r.options.Logger.Warn(notice)
	}
}
