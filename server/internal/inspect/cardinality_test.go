package inspect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

func describe(m cardinality.Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d", m.Name, m.Series)
	for _, l := range m.Labels {
		fmt.Fprintf(&b, " %s=%d/%s/%d", l.Name, l.Values.Count, l.Level, l.Without.Count)
	}
	for _, p := range m.Pairs {
		fmt.Fprintf(&b, " %s=%d", strings.Join(p.Labels[:], ","), p.Values.Count)
	}
	return b.String()
}

func TestCardinality(t *testing.T) {
	var text strings.Builder
	text.WriteString("# TYPE wait_seconds histogram\n")
	for _, op := range []string{"put", "get", "list"} {
		for _, le := range []string{"0.5", "1", "+Inf"} {
			fmt.Fprintf(&text, "wait_seconds_bucket{op=%q,le=%q} 1\n", op, le)
		}
		fmt.Fprintf(&text, "wait_seconds_sum{op=%[1]q} 1\nwait_seconds_count{op=%[1]q} 1\n", op)
	}
	for i := range 101 {
		fmt.Fprintf(&text, "seen{user=\"%d\",zone=\"%d\"} 1\n", i, i%2)
	}
	text.WriteString("sparse{x=\"1\"} 1\nsparse 1\n")
	r := parse(t, text.String()).Cardinality(policy.Thresholds{})
	want := []string{
		"seen 101 user=101/questioned/2 zone=2/good/101 user,zone=101",
		// Nine buckets, three sums and three counts. Without the operation: three
		// buckets, a sum and a count.
		"wait_seconds 15 le=3/good/9 op=3/good/5 le,op=9",
		"sparse 2 x=2/good/1",
	}
	for i, m := range r.Metrics {
		if got := describe(m); got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
	if r.Series != 118 || fmt.Sprint(r.Labels) != "[{user 101 1 {101 false}} {zone 101 1 {2 false}} {op 15 1 {3 false}} {le 9 1 {3 false}} {x 1 1 {2 false}}]" {
		t.Errorf("%d series, labels %v", r.Series, r.Labels)
	}
}

// TestFitCountsWhatRemains holds plans for random series against the series
// themselves.
func TestFitCountsWhatRemains(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		var text strings.Builder
		for range 60 {
			fmt.Fprintf(&text, "m%d{a=\"%d\",b=\"%d\",c=\"%d\"} 1\n", random.IntN(3), random.IntN(2), random.IntN(4), random.IntN(8))
		}
		e := parse(t, text.String())
		report := e.Cardinality(policy.Thresholds{})
		for _, budget := range []int{1, 5, 20, 40, report.Series} {
			plan, err := e.Fit(report, budget)
			if err != nil {
				t.Fatal(err)
			}
			if got := remaining(e, plan.Steps); plan.Remaining.Count != got || plan.Remaining.Estimated {
				t.Errorf("seed %d, budget %d: the plan says %d remain, the series say %d", seed, budget, plan.Remaining.Count, got)
			}
			if plan.Fits != (plan.Remaining.Count <= budget) || plan.Fits != (budget >= len(e.Families)) {
				t.Errorf("seed %d, budget %d of %d metrics: fits %t with %d", seed, budget, len(e.Families), plan.Fits, plan.Remaining.Count)
			}
			if n := len(plan.Steps); n > 0 && remaining(e, plan.Steps[:n-1]) <= budget {
				t.Errorf("seed %d, budget %d: the last of %d steps is not needed", seed, budget, n)
			}
		}
	}
}

// remaining counts the series after the steps one by one.
func remaining(e *Exposition, steps []Step) int {
	left := map[string]bool{}
	for _, f := range e.Families {
		for _, p := range f.Parts {
			for _, s := range p.Series {
				key := p.Name
				for _, l := range s.Labels {
					if !slices.ContainsFunc(steps, func(step Step) bool { return step.Metric == f.Name && step.Label == l.Name }) {
						key += "," + l.Name + "=" + l.Value
					}
				}
				left[key] = true
			}
		}
	}
	return len(left)
}

func TestFit(t *testing.T) {
	var text strings.Builder
	text.WriteString("# TYPE h histogram\n")
	for i := range 12 {
		fmt.Fprintf(&text, "h_bucket{op=\"%d\",le=\"%d\"} 1\n", i%2, i)
		fmt.Fprintf(&text, "big{user=\"%d\",kind=\"%d\",zone=\"%d\"} 1\n", i, i%3, i%2)
	}
	text.WriteString("h_sum 1\nh_count 1\n")
	e := parse(t, text.String()) // 14 and 12 series
	report := e.Cardinality(policy.Thresholds{})
	for _, tt := range []struct {
		budget int
		want   string
	}{
		{26, "true 26 []"},
		// Without the user, six remain: that is enough, and the least.
		{20, "true 20 [big user 12 6]"},
		{17, "true 17 [big user 12 6 big zone 6 3]"},
		// Bounds are no labels to take off.
		{10, "false 15 [big user 12 6 big kind 6 2 big zone 2 1]"},
	} {
		plan, err := e.Fit(report, tt.budget)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, s := range plan.Steps {
			steps = append(steps, fmt.Sprintf("%s %s %d %d", s.Metric, s.Label, s.Before.Count, s.After.Count))
		}
		if got := fmt.Sprintf("%t %d %v", plan.Fits, plan.Remaining.Count, steps); got != tt.want {
			t.Errorf("budget %d: %s, want %s", tt.budget, got, tt.want)
		}
	}
	if _, err := e.Fit(report, 0); err == nil || !strings.Contains(err.Error(), "budget of 0") {
		t.Errorf("error %v", err)
	}
}
