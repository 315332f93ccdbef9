package explain

import (
	"fmt"
	"math"
	"strings"
)

// String names the branch as a selector: device="mobile",region="eu".
func (b Branch) String() string {
	parts := make([]string, len(b.Matchers))
	for i, m := range b.Matchers {
		parts[i] = fmt.Sprintf("%s=%q", m.Label, m.Value)
	}
	return strings.Join(parts, ",")
}

// String is the explanation as a few lines of text, for a terminal or a log.
// It is for people; programs read the fields.
func (e *Explanation) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%.4g → %.4g, change %+.4g", e.Before, e.After, e.Change)
	if e.ratio() {
		fmt.Fprintf(&s, " = rates %+.4g, mix %+.4g", e.visible(e.RateEffect), e.visible(e.MixEffect))
	}
	s.WriteString("\n")
	switch e.Verdict {
	case Uniform:
		fmt.Fprintf(&s, "uniform change: everything by a factor of %.4g, no branch stands out\n", e.Factor)
	case Nothing:
		s.WriteString("nothing stands out from the noise\n")
	case Branches:
		for i, b := range e.Branches {
			fmt.Fprintf(&s, "%d. %s%s: ", i+1, b, exceptions(b.Except))
			e.line(&s, b.Part)
		}
		fmt.Fprintf(&s, "rest, by a factor of %.4g: ", e.Factor)
		e.line(&s, e.Remainder)
	}
	if len(e.Folded) > 0 {
		fmt.Fprintf(&s, "left out, values come and go: %s\n", strings.Join(e.Folded, ", "))
	}
	if x := e.Excluded; x != (Excluded{}) {
		fmt.Fprintf(&s, "leaves excluded: %d NaN, %d infinite, %d negative, %d without denominator\n",
			x.NaN, x.Infinite, x.Negative, x.NoDenominator)
	}
	return s.String()
}

func (e *Explanation) ratio() bool { return e.RateEffect != 0 || e.MixEffect != 0 }

func (e *Explanation) line(s *strings.Builder, p Part) {
	fmt.Fprintf(s, "%.4g → %.4g, contributes %+.4g (%+.1f %%)", p.Before, p.After, e.visible(p.Contribution), p.Percent)
	if e.ratio() {
		fmt.Fprintf(s, " = rate %+.4g, mix %+.4g; share %.3g → %.3g", e.visible(p.Rate), e.visible(p.Mix), p.ShareBefore, p.ShareAfter)
	}
	s.WriteString("\n")
}

// visible is 0 for what rounding left.
func (e *Explanation) visible(v float64) float64 {
	if math.Abs(v) < 1e-9*(e.Up-e.Down) {
		return 0
	}
	return v
}

func exceptions(others []int) string {
	if len(others) == 0 {
		return ""
	}
	numbers := make([]string, len(others))
	for i, o := range others {
		numbers[i] = fmt.Sprint(o + 1)
	}
	return " without " + strings.Join(numbers, ", ")
}
