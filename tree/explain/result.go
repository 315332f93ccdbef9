package explain

// Verdict is the answer in one word.
type Verdict string

// The verdicts.
const (
	// Branches: the branches listed moved unlike the rest.
	Branches Verdict = "branches"
	// Uniform: the parent changed and its branches all followed alike; none is
	// to blame more than another.
	Uniform Verdict = "uniform"
	// Nothing: no branch and no common change stands out from the noise.
	Nothing Verdict = "nothing"
)

// Matcher fixes a label to a value.
type Matcher struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Part is what a set of leaves had and did. All values are in the unit of the
// metric; for a ratio they are ratios.
type Part struct {
	// Leaves is the number of leaves counted here and nowhere else.
	Leaves int `json:"leaves"`
	// Before and After are the sum or the ratio of these leaves; a ratio is 0
	// in a window without denominator.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// Contribution is the part of the parent's change.
	Contribution float64 `json:"contribution"`
	// Percent is Contribution in percent of the parent's change; its sign says
	// whether it goes along or against. 0 if the parent did not change.
	Percent float64 `json:"percent"`
	// Rate and Mix split the Contribution of a ratio: what the rate within the
	// leaves did, and what the shift of volume towards or away from them did.
	Rate float64 `json:"rate,omitempty"`
	Mix  float64 `json:"mix,omitempty"`
	// ShareBefore and ShareAfter are the leaves' part of the parent's volume
	// (the denominator of a ratio), 0 to 1.
	ShareBefore float64 `json:"share_before"`
	ShareAfter  float64 `json:"share_after"`
}

// Branch is a conjunction of label values that moved unlike the rest.
type Branch struct {
	// Matchers are one or two, ordered by label.
	Matchers []Matcher `json:"matchers"`
	Part
	// Beyond is Contribution less what the leaves would have contributed, had
	// they changed like the rest.
	Beyond float64 `json:"beyond"`
	// Except are indices of other branches that hold the leaves which match
	// both: read "eu, except where version=2 (above)".
	Except []int `json:"except,omitempty"`
	// Score is how far the branch stands out, squared and in units of noise.
	Score float64 `json:"score"`
}

// Excluded counts the leaves that were left out of everything, parent included.
type Excluded struct {
	NaN      int `json:"nan,omitempty"`
	Infinite int `json:"infinite,omitempty"`
	Negative int `json:"negative,omitempty"`
	// NoDenominator counts leaves of a ratio with a numerator and no
	// denominator in the same window.
	NoDenominator int `json:"no_denominator,omitempty"`
}

// Explanation is the change of a node and the branches that account for it.
// Change = Σ Branches.Contribution + Remainder.Contribution.
type Explanation struct {
	Verdict Verdict `json:"verdict"`
	// Before, After and Change are the parent's, in the unit of the metric.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Change float64 `json:"change"`
	// Up and Down are the sums of the contributions of leaves that went up and
	// down, noise included: Up + Down = Change. Both large and Change small
	// means that changes cancel.
	Up   float64 `json:"up"`
	Down float64 `json:"down"`
	// RateEffect and MixEffect split the Change of a ratio over all leaves. One
	// against the other is Simpson's paradox: every branch fell, the total rose.
	RateEffect float64 `json:"rate_effect,omitempty"`
	MixEffect  float64 `json:"mix_effect,omitempty"`
	// Factor is after/before of the Remainder (of the rates within its leaves,
	// for a ratio): what everything shares. 1 if it has no value before.
	Factor float64 `json:"factor"`
	// Branches are ordered by the size of Beyond.
	Branches []Branch `json:"branches"`
	// Remainder is every leaf that no branch holds.
	Remainder Part `json:"remainder"`
	// Folded are labels left out because their values are identities which come
	// and go, such as pods replaced between the windows.
	Folded   []string `json:"folded,omitempty"`
	Excluded Excluded `json:"excluded"`
}
