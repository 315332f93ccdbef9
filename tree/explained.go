package tree

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/tree/explain"
)

// Explained is why a node changed between two stretches of time. Of a ratio all
// values are ratios.
type Explained struct {
	Metric   string    `json:"metric"` // or the ratio's name
	Matchers []Matcher `json:"matchers,omitempty"`
	Ratio    bool      `json:"ratio"`
	Unit     string    `json:"unit,omitempty"`
	Meaning  Meaning   `json:"meaning"`
	Before   Span      `json:"before"`
	After    Span      `json:"after"`
	// Labels were searched; LeftOut have too many values together with those.
	Labels  []string        `json:"labels"`
	LeftOut []string        `json:"left_out,omitempty"`
	Verdict explain.Verdict `json:"verdict"`
	// Summary says the verdict in a sentence.
	Summary string `json:"summary"`

	BeforeValue Number `json:"before_value"`
	AfterValue  Number `json:"after_value"`
	Change      Number `json:"change"`
	BeforeText  string `json:"before_text"`
	AfterText   string `json:"after_text"`
	ChangeText  string `json:"change_text"`
	// Up and Down are the sums over the leaves that rose and fell.
	Up   Number `json:"up"`
	Down Number `json:"down"`
	// RateEffect and MixEffect split the change of a ratio: what the ratios of the
	// leaves did, and what volume moving between them did.
	RateEffect Number `json:"rate_effect"`
	MixEffect  Number `json:"mix_effect"`
	// Factor is what everything else was multiplied by.
	Factor Number `json:"factor"`

	Branches  []ExplainedBranch `json:"branches"`
	Remainder ExplainedPart     `json:"remainder"`
	// Folded are labels left out because their values come and go.
	Folded   []string         `json:"folded,omitempty"`
	Excluded explain.Excluded `json:"excluded"`
	Notices  []string         `json:"notices,omitempty"`
}

// Span is a stretch of time, in Unix milliseconds.
type Span struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// ExplainedPart is what a set of leaves had and did. Contributions of all branches
// and of the remainder add up to the change.
type ExplainedPart struct {
	explain.Part
	BeforeText       string `json:"before_text"`
	AfterText        string `json:"after_text"`
	ContributionText string `json:"contribution_text"`
	RateText         string `json:"rate_text,omitempty"`
	MixText          string `json:"mix_text,omitempty"`
}

// ExplainedBranch is a branch that moved unlike the rest.
type ExplainedBranch struct {
	// Matchers lead from the node to the branch; Selector writes them.
	Matchers []Matcher `json:"matchers"`
	Selector string    `json:"selector"`
	ExplainedPart
	// Beyond is the contribution less what it would be had the branch moved like
	// the rest.
	Beyond     Number `json:"beyond"`
	BeyondText string `json:"beyond_text"`
	// Except are indices of branches that have the leaves which match both.
	Except []int `json:"except,omitempty"`
}

// word writes the explanation for people.
func (x *explainer) word(found *explain.Explanation) *Explained {
	f, meaning := x.shown()
	w := wording{f, meaning, x.after.End, math.Max(math.Abs(found.Up), math.Abs(found.Down))}
	e := &Explained{
		Metric: x.subject.name(), Matchers: x.req.Selector.Matchers, Unit: f.Unit, Meaning: meaning,
		Ratio:  x.subject.ratio != nil,
		Before: spanOf(x.before), After: spanOf(x.after), Labels: x.names(), LeftOut: x.leftOut,
		Verdict: found.Verdict, BeforeValue: Number(found.Before), AfterValue: Number(found.After), Change: Number(found.Change),
		BeforeText: w.value(found.Before), AfterText: w.value(found.After), ChangeText: w.signed(found.Change),
		Up: Number(found.Up), Down: Number(found.Down), Factor: Number(found.Factor),
		RateEffect: Number(w.visible(found.RateEffect)), MixEffect: Number(w.visible(found.MixEffect)),
		Folded: found.Folded, Excluded: found.Excluded, Notices: x.tree.Notices(),
		Branches: []ExplainedBranch{},
	}
	split := e.Ratio || x.subject.family.Fold == FoldAvg
	for _, b := range found.Branches {
		branch := ExplainedBranch{Beyond: Number(b.Beyond), BeyondText: w.signed(b.Beyond), Except: b.Except, ExplainedPart: w.part(b.Part, split)}
		for _, m := range b.Matchers {
			branch.Matchers = append(branch.Matchers, Matcher{Name: m.Label, Value: m.Value})
		}
		branch.Selector = selectorText(branch.Matchers)
		e.Branches = append(e.Branches, branch)
	}
	e.Remainder = w.part(found.Remainder, split)
	if n := found.Excluded.NoDenominator; n > 0 {
		e.Notices = append(e.Notices, fmt.Sprintf("label sets with a numerator and no denominator are left out, %d of them: the values differ from the node's by those", n))
	}
	e.Summary = e.summary()
	return e
}

// shown is how values are written, and what they mean.
func (x *explainer) shown() (Family, Meaning) {
	f := x.subject.described()
	switch {
	case x.subject.ratio != nil:
		return f, MeaningRatio
	case f.Increases():
		if f.Kind.Observes() {
			f.Unit = ""
		}
		return f, MeaningRate
	default:
		return f, GaugeMeaning(f.Fold, f.Series)
	}
}

func spanOf(m Moment) Span {
	return Span{Start: m.End.Add(-m.Length).UnixMilli(), End: m.End.UnixMilli()}
}

func selectorText(matchers []Matcher) string {
	parts := make([]string, len(matchers))
	for i, m := range matchers {
		parts[i] = fmt.Sprintf("%s=%q", m.Name, m.Value)
		if m.Value == "" {
			parts[i] = m.Name + "=" + Unset
		}
	}
	return strings.Join(parts, ", ")
}

// wording writes values of one explanation.
type wording struct {
	family  Family
	meaning Meaning
	now     time.Time
	size    float64 // of what changed; what is next to nothing of it is rounding
}

func (w wording) value(v float64) string {
	r := Reading{Meaning: w.meaning, Value: Number(v)}
	Describe(w.family, &r, w.now)
	return r.Text
}

func (w wording) signed(v float64) string {
	return signedText(w.family, w.meaning, w.visible(v))
}

// visible is 0 for what rounding left.
func (w wording) visible(v float64) float64 {
	if math.Abs(v) < rounding*w.size {
		return 0
	}
	return v
}

func (w wording) part(p explain.Part, split bool) ExplainedPart {
	part := ExplainedPart{Part: p, BeforeText: w.value(p.Before), AfterText: w.value(p.After), ContributionText: w.signed(p.Contribution)}
	if split {
		part.RateText, part.MixText = w.signed(p.Rate), w.signed(p.Mix)
	}
	return part
}

// summary is the verdict as a sentence.
func (e *Explained) summary() string {
	moved := fmt.Sprintf("%s → %s (%s)", e.BeforeText, e.AfterText, e.ChangeText)
	switch {
	case e.Verdict == explain.Uniform && e.BeforeValue == 0:
		return moved + ": there was nothing before, and no branch stands out."
	case e.Verdict == explain.Uniform:
		return fmt.Sprintf("%s: everything moved alike, by a factor of %s; no branch stands out.", moved, formatNumber(float64(e.Factor)))
	case e.Verdict == explain.Nothing || len(e.Branches) == 0:
		return moved + ": nothing stands out from the noise."
	}
	first := e.Branches[0]
	sentence := fmt.Sprintf("%s: %s contributes %s", moved, first.Selector, first.ContributionText)
	if first.Percent != 0 {
		sentence += fmt.Sprintf(" (%s%% of the change)", formatNumber(first.Percent))
	}
	if more := len(e.Branches) - 1; more > 0 {
		sentence += fmt.Sprintf(", and %d more %s", more, cmp.Or(map[int]string{1: "branch stands out"}[more], "branches stand out"))
	}
	return sentence + "."
}

// Leads returns the selector of a branch: the node's matchers and the branch's.
func (e *Explained) Leads(branch ExplainedBranch) Selector {
	return Selector{Metric: e.Metric, Matchers: slices.Concat(e.Matchers, branch.Matchers)}
}
