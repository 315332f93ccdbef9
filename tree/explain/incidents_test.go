package explain_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/metertree/metertree/tree/explain"
)

// incident is a made-up node before and after, and what happened to it.
type incident struct {
	kind   string
	labels []string
	sums   []explain.Leaf      // of a metric that adds up, or
	ratios []explain.RatioLeaf // of a ratio
	causes [][]explain.Matcher // none: no branch stands out
	// uniform says that all changed by a factor.
	uniform bool
}

// kinds are what can happen, each with the incidents that make it up.
var kinds = []struct {
	name string
	make func(*world)
}{
	{"one value", func(w *world) { w.hit(w.value(0.03, 0.5), w.strong()) }},
	{"pair of values", func(w *world) { w.hit(w.pair(0.01), w.strong()) }},
	{"small change on a drift", func(w *world) { w.drift(0.95, 1.1); w.hit(w.value(0.1, 0.5), w.between(1.12, 1.25)) }},
	{"value on growth", func(w *world) { w.drift(1.3, 2); w.hit(w.value(0.03, 0.4), w.strong()) }},
	{"uniform growth", func(w *world) { w.drift(1.1, 1.6); w.uniform = true }},
	{"noise only", func(*world) {}},
	{"cancelling changes", (*world).cancel},
	{"appearing value", func(w *world) { w.hit(w.value(0.03, 0.4), math.Inf(1)) }},
	{"vanishing value", func(w *world) { w.hit(w.value(0.03, 0.4), 0) }},
	{"two causes", func(w *world) { w.hit(w.value(0.05, 0.35), w.strong()); w.hit(w.pair(0.02), w.strong()) }},
	{"ratio: one value", func(w *world) { w.spoil(w.value(0.03, 0.5), w.between(2, 6)) }},
	{"ratio: pair of values", func(w *world) { w.spoil(w.pair(0.01), w.between(3, 10)) }},
	{"ratio: with volume growth", func(w *world) { w.drift(1.3, 2); w.spoil(w.value(0.03, 0.5), w.between(2, 6)) }},
	{"ratio: mix shift", func(w *world) { w.shift(1) }},
	{"ratio: Simpson's paradox", func(w *world) { w.shift(0.9) }},
	{"ratio: noise only", func(w *world) { w.drift(0.8, 1.3); w.asRatio() }},
	{"ratio: all rates rise", func(w *world) { w.asRatio(); w.rates(1.5); w.uniform = true }},
}

// casesOfKind is how many incidents of each kind are evaluated.
const casesOfKind = 30

// incidents of all kinds, the same for a seed.
func incidents(seed uint64) (all []incident) {
	for k, kind := range kinds {
		for i := range casesOfKind {
			w := newWorld(rand.New(rand.NewPCG(seed, uint64(k*1000+i))))
			kind.make(w)
			all = append(all, w.observe(kind.name))
		}
	}
	return all
}

// world is the truth behind an incident: the expected values of every leaf.
type world struct {
	*rand.Rand
	labels        []string
	values        [][]string // of each leaf
	before, after []float64  // expected values, the denominators of a ratio
	rate0, rate1  []float64  // expected numerators per denominator, if a ratio
	own           []float64  // noise of each value of a label of its own way
	jitter        float64    // relative noise of a leaf
	causes        [][]explain.Matcher
	uniform       bool
}

// newWorld draws 3 to 5 labels of 2 to 12 values, 20 to 1500 leaves whose sizes
// span orders of magnitude, leaf noise of 2 to 10 percent, and a last label
// ("host") whose values each go their own way by 3 percent.
func newWorld(r *rand.Rand) *world {
	w := &world{Rand: r, jitter: 0.02 + 0.08*r.Float64()}
	names := []string{"method", "region", "version", "device", "host"}
	labels := 3 + r.IntN(3)
	w.labels = append(slices.Clone(names[:labels-1]), "host")
	sizes, popularity := make([]int, labels), make([][]float64, labels)
	for l := range labels {
		sizes[l] = 2 + r.IntN(5)
		if l == labels-1 {
			sizes[l] = 4 + r.IntN(9)
		}
		for range sizes[l] {
			popularity[l] = append(popularity[l], math.Exp(r.NormFloat64()))
		}
	}
	total := math.Pow(10, 4+2*r.Float64())
	w.fill(sizes, popularity)
	scale := total / sum(w.before)
	for i := range w.before {
		w.before[i] *= scale
	}
	w.after = slices.Clone(w.before)
	return w
}

func (w *world) fill(sizes []int, popularity [][]float64) {
	own := make([]float64, sizes[len(sizes)-1])
	for i := range own {
		own[i] = 1 + 0.03*w.NormFloat64()
	}
	at := make([]int, len(sizes))
	for {
		if w.Float64() < 0.8 { // not every combination exists
			size, values := math.Exp(0.5*w.NormFloat64()), make([]string, len(sizes))
			for l, v := range at {
				size *= popularity[l][v]
				values[l] = fmt.Sprintf("%s%d", w.labels[l][:1], v)
			}
			w.values, w.before = append(w.values, values), append(w.before, size)
			w.own = append(w.own, own[at[len(at)-1]])
		}
		l := 0
		for ; l < len(at); l++ {
			if at[l]++; at[l] < sizes[l] {
				break
			}
			at[l] = 0
		}
		if l == len(at) || len(w.values) == 1500 {
			return
		}
	}
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}

func (w *world) between(low, high float64) float64 { return low + (high-low)*w.Float64() }

// strong is a factor no one would miss, up or down.
func (w *world) strong() float64 {
	return []float64{0.2, 0.5, 0.7, 1.4, 2, 4}[w.IntN(6)]
}

func (w *world) holds(i int, branch []explain.Matcher) bool {
	for _, m := range branch {
		if w.values[i][slices.Index(w.labels, m.Label)] != m.Value {
			return false
		}
	}
	return true
}

// part of the volume before that is in a branch, and its number of leaves.
func (w *world) part(branch []explain.Matcher) (share float64, leaves int) {
	for i, v := range w.before {
		if w.holds(i, branch) {
			share += v
			leaves++
		}
	}
	return share / sum(w.before), leaves
}

func (w *world) matcher(l int) explain.Matcher {
	return explain.Matcher{Label: w.labels[l], Value: w.values[w.IntN(len(w.values))][l]}
}

// value draws a label value with a share of the volume between two bounds; if a
// thousand draws find none, any.
func (w *world) value(low, high float64) []explain.Matcher {
	for try := 0; ; try++ {
		b := []explain.Matcher{w.matcher(w.IntN(len(w.labels)))}
		if s, leaves := w.part(b); try > 1000 || s >= low && s <= high && leaves > 2 {
			return b
		}
	}
}

// pair draws a pair of values of at least a share, far from either alone.
func (w *world) pair(low float64) []explain.Matcher {
	for try := 0; ; try++ {
		p := w.Perm(len(w.labels))[:2]
		slices.Sort(p)
		b := []explain.Matcher{w.matcher(p[0]), w.matcher(p[1])}
		s, leaves := w.part(b)
		first, _ := w.part(b[:1])
		second, _ := w.part(b[1:])
		if leaves > 1 && (try > 1000 || s >= low && s < 0.7*min(first, second)) {
			return b
		}
	}
}

// hit multiplies what a branch has after; by infinity, it did not exist before.
func (w *world) hit(branch []explain.Matcher, factor float64) {
	for i := range w.after {
		if !w.holds(i, branch) {
			continue
		}
		if math.IsInf(factor, 1) {
			w.before[i] = 0
		} else {
			w.after[i] *= factor
		}
	}
	w.causes = append(w.causes, branch)
}

func (w *world) drift(low, high float64) {
	factor := w.between(low, high)
	for i := range w.after {
		w.after[i] *= factor
	}
}

// cancel lets one branch rise by what another one falls.
func (w *world) cancel() {
	down, up := w.value(0.08, 0.3), w.value(0.08, 0.3)
	for down[0] == up[0] {
		up = w.value(0.05, 0.3)
	}
	shareDown, _ := w.part(down)
	shareUp, _ := w.part(up)
	fall := w.between(0.3, 0.7)
	w.hit(down, 1-fall)
	w.hit(up, 1+fall*shareDown/shareUp)
}

// asRatio gives every leaf a rate of a few percent, higher for some values.
func (w *world) asRatio() {
	base := w.between(0.005, 0.05)
	w.rate0 = make([]float64, len(w.values))
	for i := range w.rate0 {
		w.rate0[i] = base
	}
	for l := range w.labels {
		m := []explain.Matcher{w.matcher(l)}
		f := w.between(0.7, 1.5)
		for i := range w.rate0 {
			if w.holds(i, m) {
				w.rate0[i] *= f
			}
		}
	}
	w.rate1 = slices.Clone(w.rate0)
}

func (w *world) rates(factor float64) {
	for i := range w.rate1 {
		w.rate1[i] *= factor
	}
}

// spoil multiplies the rates within a branch, the volume stays.
func (w *world) spoil(branch []explain.Matcher, factor float64) {
	w.asRatio()
	for i := range w.rate1 {
		if w.holds(i, branch) {
			w.rate1[i] *= factor
		}
	}
	w.causes = append(w.causes, branch)
}

// shift moves volume to a branch with rates of its own, and changes all rates by
// a factor: with less than 1 every branch improves and the parent gets worse.
func (w *world) shift(factor float64) {
	w.asRatio()
	branch := w.value(0.08, 0.3)
	for i := range w.rate0 {
		if w.holds(i, branch) {
			w.rate0[i] *= 5
			w.rate1[i] *= 5
		}
	}
	w.hit(branch, w.between(1.8, 3))
	w.rates(factor)
}

// observe draws what is measured: counts with Poisson noise on top of the
// jitter of leaves and hosts.
func (w *world) observe(kind string) incident {
	in := incident{kind: kind, labels: w.labels, causes: w.causes, uniform: w.uniform}
	for _, branch := range in.causes {
		slices.SortFunc(branch, func(a, b explain.Matcher) int { return strings.Compare(a.Label, b.Label) })
	}
	for i, values := range w.values {
		b := w.count(w.before[i] * (1 + w.jitter*w.NormFloat64()))
		a := w.count(w.after[i] * (1 + w.jitter*w.NormFloat64()) * w.own[i])
		if w.rate0 == nil {
			in.sums = append(in.sums, explain.Leaf{Values: values, Before: b, After: a})
			continue
		}
		in.ratios = append(in.ratios, explain.RatioLeaf{Values: values,
			NumBefore: min(w.count(b*w.rate0[i]), b), DenBefore: b,
			NumAfter: min(w.count(a*w.rate1[i]), a), DenAfter: a})
	}
	return in
}

// count draws from a Poisson distribution, for large means a normal one.
func (w *world) count(mean float64) float64 {
	if mean > 50 {
		return max(math.Round(mean+math.Sqrt(mean)*w.NormFloat64()), 0)
	}
	n, p := 0.0, math.Exp(-max(mean, 0))
	for x := w.Float64(); x > p; x *= w.Float64() {
		n++
	}
	return n
}
