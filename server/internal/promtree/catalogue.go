package promtree

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// known is what was last read of the families.
type known struct {
	families []tree.Family
	byName   map[string]int // place in families
	ratios   []metric.Ratio
	faults   []string // of declarations
	declared tree.Declarations
	readAt   time.Time
	keep     time.Duration // how long it may be reused
	window   time.Duration // of rates; 0 where nothing tells
	windowAt time.Time     // when it was found
}

// Families implements tree.Source.
func (s *Source) Families(ctx context.Context) ([]tree.Family, error) {
	k, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	return k.families, nil
}

// Ratios implements tree.Source.
func (s *Source) Ratios(ctx context.Context) ([]metric.Ratio, error) {
	k, err := s.known(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(k.ratios), nil
}

func (s *Source) family(ctx context.Context, name string) (tree.Family, error) {
	k, err := s.known(ctx)
	if err != nil {
		return tree.Family{}, err
	}
	i, ok := k.byName[name]
	if !ok {
		return tree.Family{}, fmt.Errorf("metric %q: %w: it may have stopped reporting", name, tree.ErrUnknownMetric)
	}
	return k.families[i], nil
}

// Notices implements tree.Noticer: declarations that could not be used as they
// are, and what the backend has to say.
func (s *Source) Notices() []string {
	out := s.notices.recent(s.options.Now())
	if k := s.last.Load(); k != nil {
		out = append(out, k.faults...)
	}
	if b, ok := s.backend.(tree.Noticer); ok {
		out = append(out, b.Notices()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// known reads the families, or what was read a moment ago. Callers share one
// reading.
func (s *Source) known(ctx context.Context) (*known, error) {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the list of metrics: %w", ctx.Err())
	}
	now, last := s.now(), s.last.Load()
	if last != nil {
		if age := now.Sub(last.readAt); age >= 0 && age < last.keep {
			return last, nil
		}
	}
	began := time.Now()
	found, err := s.backend.Catalogue(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("counting series: %w", err)
	}
	k := &known{readAt: now}
	k.declared, k.faults, err = s.declarations(ctx, found, now)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("reading declarations: %w", ctx.Err())
	}
	if err != nil && last != nil {
		k.declared = last.declared
	}
	k.window, k.windowAt = s.scraped(ctx, found, last, now)
	k.families = tree.Assemble(found.Series, k.declared.Into(found.Declared))
	k.ratios = k.declared.Ratios()
	k.byName = make(map[string]int, len(k.families))
	for i, f := range k.families {
		k.byName[f.Name] = i
	}
	k.keep = max(s.options.CacheFor, 10*time.Since(began))
	s.last.Store(k)
	return k, nil
}

// maxDeclarations bounds the declarations of one kind that are read.
const maxDeclarations = 20_000

// declarations reads what the series say that declare something, each declaration
// once however many instances make it. What cannot be read, or takes more than half
// of the time there is, is no error of the families, which are inferred then, or as
// last known.
func (s *Source) declarations(ctx context.Context, found Catalogue, at time.Time) (d tree.Declarations, faults []string, err error) {
	ctx, cancel := within(ctx, 0.5)
	defer cancel()
	for _, of := range []struct {
		name string
		info metric.Labels
	}{
		{metric.MetricInfo, metric.Descriptor{}.Info()},
		{metric.RatioInfo, metric.Ratio{}.Info()},
	} {
		if found.Series[of.name] == 0 {
			continue
		}
		by := make([]string, len(of.info))
		for i, l := range of.info {
			by[i] = l.Name
		}
		said, failed := s.instant(ctx, count.by(selectSeries(matcher{nameLabel, equal, of.name}), by...), at)
		if failed != nil {
			err = failed
			faults = append(faults, fmt.Sprintf("folds, units and ratios are inferred or as last known, because %s cannot be read: %v", of.name, failed))
		}
		if len(said) > maxDeclarations {
			faults = append(faults, fmt.Sprintf("only the first %d of %d declarations in %s are used", maxDeclarations, len(said), of.name))
			said = said[:maxDeclarations]
		}
		for _, sample := range said {
			d.Add(of.name, func(name string) string { return valueOf(sample.Labels, name) })
		}
	}
	return d, append(faults, d.Notices()...), err
}
