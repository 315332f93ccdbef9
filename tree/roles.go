package tree

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
)

// mostSignalParts bounds the metrics and ratios that one golden signal is made of.
const mostSignalParts = 100

// roles are the metrics and ratios of a scope that are a golden signal of it.
type roles struct {
	space    namespace
	families map[metric.Role][]Family
	ratios   map[metric.Role][]*metric.Ratio
}

func rolesBelow(space namespace, path string) roles {
	r := roles{space, map[metric.Role][]Family{}, map[metric.Role][]*metric.Ratio{}}
	for _, f := range space.families {
		if strings.HasPrefix(f.Name, path) {
			r.families[f.Role] = append(r.families[f.Role], f)
		}
	}
	for i := range space.ratios {
		if declared := &space.ratios[i]; strings.HasPrefix(declared.Name, path) {
			r.ratios[declared.Role] = append(r.ratios[declared.Role], declared)
		}
	}
	return r
}

// signalAsk is a golden signal and the queries whose answer it is: one, or of a
// ratio the denominator and the numerator.
type signalAsk struct {
	signal        Signal
	family        Family // how values are written
	whole, failed []Part // failed is nil for what is no ratio
	// as and length are how both sides of a ratio must be read, once that is known.
	as     Meaning
	length time.Duration
}

func newSignal(parts []Part, family Family, names []string) *signalAsk {
	if len(parts) == 0 {
		return nil
	}
	a := &signalAsk{family: family, whole: parts}
	a.signal.Parts = names
	if over := len(parts) - mostSignalParts; over > 0 {
		a.whole, a.signal.Parts, a.signal.Omitted = parts[:mostSignalParts], names[:mostSignalParts], over
	}
	return a
}

func ofFamilies(families []Family) (parts []Part, names []string) {
	for _, f := range families {
		parts, names = append(parts, Part{Family: f}), append(names, f.Name)
	}
	return parts, names
}

func (r roles) traffic() *signalAsk {
	parts, names := ofFamilies(r.families[metric.RoleTraffic])
	return newSignal(parts, Family{Kind: KindCounter}, names)
}

// latency merges the histograms of the unit that most of them have.
func (r roles) latency() *signalAsk {
	families := r.families[metric.RoleLatency]
	if len(families) == 0 {
		return nil
	}
	unit, alike := commonUnit(families)
	parts, names := ofFamilies(alike)
	a := newSignal(parts, Family{Kind: KindHistogram, Unit: unit}, names)
	a.signal.warnUnits(len(families)-len(alike), unit)
	return a
}

func (s *Signal) warnUnits(others int, unit string) {
	if others > 0 {
		s.Omitted += others
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d metrics of another unit than %q are left out", others, unit))
	}
}

// commonUnit is the most frequent unit, and the families that have it.
func commonUnit(families []Family) (string, []Family) {
	byUnit := map[string][]Family{}
	unit := families[0].Unit
	for _, f := range families {
		byUnit[f.Unit] = append(byUnit[f.Unit], f)
		if len(byUnit[f.Unit]) > len(byUnit[unit]) {
			unit = f.Unit
		}
	}
	return unit, byUnit[unit]
}

// errors divides all that failed by all of which it is a part: the sides of the
// ratios, and counters of errors by the traffic. What is there twice counts once.
func (r roles) errors() *signalAsk {
	var failed, whole []Part
	var names []string
	for _, declared := range r.ratios[metric.RoleErrors] {
		s := r.space.divided(declared)
		if s.bottom.exists() && s.bottom.Family.Increases() {
			failed, whole, names = addPart(failed, s.top), addPart(whole, s.bottom), append(names, declared.Name)
		}
	}
	for _, f := range r.families[metric.RoleErrors] {
		failed, names = addPart(failed, Part{Family: f}), append(names, f.Name)
	}
	if len(r.families[metric.RoleErrors]) > 0 {
		for _, f := range r.families[metric.RoleTraffic] {
			whole = addPart(whole, Part{Family: f})
		}
	}
	slices.Sort(names)
	if len(whole) == 0 || len(failed) == 0 {
		return nil
	}
	a := &signalAsk{family: Family{Kind: KindGauge, Unit: "ratio"}, whole: whole, failed: failed}
	a.signal.Parts = names
	a.signal.Ratio = &RatioParts{Mode: metric.WithinGroup.String(), Numerator: namesOf(failed), Denominator: namesOf(whole), Role: metric.RoleErrors.String()}
	return a
}

// addPart adds a part that is not there yet.
func addPart(parts []Part, p Part) []Part {
	same := func(other Part) bool { return other.selection(nil) == p.selection(nil) }
	if slices.ContainsFunc(parts, same) {
		return parts
	}
	return append(parts, p)
}

func namesOf(parts []Part) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.selection(nil)
	}
	return strings.Join(names, " + ")
}
