package inspect

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Weights of what speaks for a rename, beside the likeness of the names, which is
// at most 1.
const (
	nameWeight   = 4
	helpWeight   = 3
	valuesWeight = 2
	setsWeight   = 1
)

// compare gathers what speaks for a rename. A name that differs in its beginning
// or its unit only is enough, and so is a help text that no other metric has.
// Values that are alike are enough if the names are, too. The same label sets
// alone are not: requests and errors have those.
func compare(old, now *candidate) (p pair, accepted bool) {
	p = pair{old: old, now: now}
	likeness := commonWords(old.words, now.words)
	if text := sameName(old, now); text != "" {
		p.speaks(nameWeight, text)
		accepted = true
	}
	if old.Help != "" && old.Help == now.Help && old.sayings == 1 && now.sayings == 1 {
		p.speaks(helpWeight, "same help text")
		accepted = true
	}
	if !accepted && likeness < 0.3 {
		return p, false
	}
	s := p.compareValues()
	if s.valuesAlike() {
		p.speaks(valuesWeight, fmt.Sprintf("%d of %d values alike", s.alike, s.telling))
		accepted = accepted || likeness >= 0.5
	}
	if s.all > 1 && 5*s.shared >= 4*s.all {
		p.speaks(setsWeight, fmt.Sprintf("%d of %d label sets shared", s.shared, s.all))
	}
	if p.units.changed() {
		p.evidence = append(p.evidence, fmt.Sprintf("in %s instead of %s", p.units.now, p.units.old))
	}
	p.evidence = append(p.evidence, "same type and labels")
	p.score += likeness
	return p, accepted
}

// compareValues compares the series of both, in the unit of the old ones. Where
// the values are alike only as they are, it was the unit in the name that was
// wrong.
func (p *pair) compareValues() likeSeries {
	p.units = changedUnit(p.old.Family, p.now.Family)
	plain := compareSeries(p.old.Family, p.now.Family, 1)
	if !p.units.changed() {
		return plain
	}
	if p.units.factor != 0 {
		if scaled := compareSeries(p.old.Family, p.now.Family, p.units.factor); scaled.valuesAlike() {
			return scaled
		}
	}
	if plain.valuesAlike() {
		p.units = unitChange{}
	}
	return plain
}

func (p *pair) speaks(weight float64, evidence string) {
	p.score += weight
	p.evidence = append(p.evidence, evidence)
}

// sameName says in what sense two names are the same, if they are.
func sameName(old, now *candidate) string {
	short, long := old.words, now.words
	if len(short) > len(long) {
		short, long = long, short
	}
	switch {
	case len(short) == 0:
		return ""
	case slices.Equal(short, long):
		return "same name but for unit, suffix or spelling"
	// One word alone, such as errors, may be anybody's.
	case len(short) > 1 && slices.Equal(short, long[len(long)-len(short):]):
		return "same name but for its beginning"
	}
	return ""
}

// maxWords bounds how many words of a name are looked at.
const maxWords = 64

// stem splits a name into words in lower case and the singular, without the unit
// and the suffix at its end.
func stem(name string) []string {
	words := wordsOf(name)
	words = words[:min(len(words), maxWords)]
	for len(words) > 1 {
		last := words[len(words)-1]
		if _, unit := units[last]; !unit && last != "total" && last != "count" {
			break
		}
		words = words[:len(words)-1]
	}
	for i, w := range words {
		if len(w) > 3 && !strings.HasSuffix(w, "ss") {
			words[i] = strings.TrimSuffix(w, "s")
		}
	}
	return words
}

// wordsOf splits at underscores and other marks, and before capitals.
func wordsOf(name string) []string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		capital := r >= 'A' && r <= 'Z'
		if capital && lower {
			b.WriteByte('_')
		}
		lower = !capital
		b.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(r rune) bool { return strings.ContainsRune("_:.-/ ", r) })
}

// commonWords is twice the number of words that two lists have in common, in
// their order, over the number of all: 1 if they are the same.
func commonWords(a, b []string) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	// The longest common subsequence, row by row.
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return 2 * float64(row[len(b)]) / float64(len(a)+len(b))
}

// likeSeries is how the series of two families compare.
type likeSeries struct {
	// all are the different label sets of both and shared those in both.
	all, shared int
	// telling are the shared series whose values tell something, and alike those
	// whose values are within a tenth of each other.
	telling, alike int
}

// maxSeriesCompared bounds how many series of one sample name are compared.
const maxSeriesCompared = 1000

// compareSeries compares the series of two families. Values of the new one are
// multiplied by a factor, unless they count.
func compareSeries(old, now Family, factor float64) (l likeSeries) {
	for _, p := range old.Parts {
		end := strings.TrimPrefix(p.Name, old.Name)
		for _, q := range now.Parts {
			if strings.TrimPrefix(q.Name, now.Name) != end {
				continue
			}
			by := factor
			if end == "_count" || end == "_bucket" {
				by = 1
			}
			l.add(p.Series[:min(len(p.Series), maxSeriesCompared)], q.Series[:min(len(q.Series), maxSeriesCompared)], by)
		}
	}
	return l
}

// valuesAlike reports whether most values are alike, on at least half of the
// series.
func (l likeSeries) valuesAlike() bool {
	return l.telling > 0 && 5*l.alike >= 4*l.telling && 2*l.shared >= l.all
}

// add compares sorted series.
func (l *likeSeries) add(a, b []Series, factor float64) {
	for len(a) > 0 && len(b) > 0 {
		l.all++
		switch order := compareLabels(a[0].Labels, b[0].Labels); {
		case order < 0:
			a = a[1:]
		case order > 0:
			b = b[1:]
		default:
			l.shared++
			l.weigh(a[0].Value, b[0].Value*factor)
			a, b = a[1:], b[1:]
		}
	}
	l.all += len(a) + len(b)
}

// weigh compares two values; 0 and 1 are everywhere and tell nothing.
func (l *likeSeries) weigh(a, b float64) {
	trivial := func(v float64) bool { return v == 0 || v == 1 || math.IsNaN(v) || math.IsInf(v, 0) }
	if trivial(a) && trivial(b) {
		return
	}
	l.telling++
	if math.Abs(a-b) <= 0.1*max(math.Abs(a), math.Abs(b)) {
		l.alike++
	}
}
