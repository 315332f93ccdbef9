package cardinality

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// product yields every combination of n values of each label.
func product(sizes ...int) func(func([]metric.Label) bool) {
	return func(yield func([]metric.Label) bool) {
		labels := make([]metric.Label, len(sizes))
		total := 1
		for _, n := range sizes {
			total *= n
		}
		for i := range total {
			rest := i
			for at, n := range sizes {
				labels[at] = metric.Label{Name: string(rune('a' + at)), Value: strconv.Itoa(rest % n)}
				rest /= n
			}
			if !yield(labels) {
				return
			}
		}
	}
}

func add(c *Counter, name string, sets func(func([]metric.Label) bool)) {
	for labels := range sets {
		c.Add(name, labels)
	}
}

func TestReportCounts(t *testing.T) {
	c := NewCounter(policy.Thresholds{})
	add(c, "requests_total", product(3, 20, 4))
	add(c, "up", product())
	r := c.Report()
	if r.Series != 241 || len(r.Metrics) != 2 || r.Metrics[0].Name != "requests_total" || r.Metrics[0].Series != 240 {
		t.Fatalf("report %+v", r)
	}
	wantLabels := []Label{
		{"b", Number{Count: 20}, policy.Watched, Number{Count: 12}},
		{"c", Number{Count: 4}, policy.Good, Number{Count: 60}},
		{"a", Number{Count: 3}, policy.Good, Number{Count: 80}},
	}
	if got := r.Metrics[0].Labels; !slices.Equal(got, wantLabels) {
		t.Errorf("labels %+v, want %+v", got, wantLabels)
	}
	wantPairs := []Pair{
		{[2]string{"b", "c"}, Number{Count: 80}},
		{[2]string{"a", "b"}, Number{Count: 60}},
		{[2]string{"a", "c"}, Number{Count: 12}},
	}
	if got := r.Metrics[0].Pairs; !slices.Equal(got, wantPairs) {
		t.Errorf("pairs %+v, want %+v", got, wantPairs)
	}
	if got := r.Labels[0]; got != (LabelTotal{"a", 240, 1, Number{Count: 3}}) {
		t.Errorf("label a: %+v", got)
	}
	if m, ok := r.Metric("up"); !ok || m.Series != 1 || len(m.Labels) != 0 {
		t.Errorf("up: %+v, %v", m, ok)
	}
	if _, ok := r.Metric("down"); ok {
		t.Error("a metric that is not there was found")
	}
	text, err := json.Marshal(r)
	var back Report
	if err != nil || json.Unmarshal(text, &back) != nil || back.Metrics[0].Labels[0] != wantLabels[0] {
		t.Errorf("a report does not survive JSON: %s, %v", text, err)
	}
}

// Labels that only some series have, met in any order, are counted as if their
// value were empty elsewhere.
func TestAgainstSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		sets := map[string][]metric.Label{}
		for range rng.IntN(300) {
			var set []metric.Label
			for at := range 5 {
				if v := rng.IntN(4 + at); v > 0 {
					set = append(set, metric.Label{Name: string(rune('a' + at)), Value: strconv.Itoa(v)})
				} else if rng.IntN(2) == 0 {
					set = append(set, metric.Label{Name: string(rune('a' + at))})
				}
			}
			sets[key(set, "")] = set
		}
		c := NewCounter(policy.Thresholds{})
		for _, set := range sets {
			rng.Shuffle(len(set), func(i, j int) { set[i], set[j] = set[j], set[i] })
			c.Add("m", set)
		}
		m, _ := c.Report().Metric("m")
		if m.Series != len(sets) {
			t.Fatalf("round %d: %d series, want %d", round, m.Series, len(sets))
		}
		for _, l := range m.Labels {
			without, values := map[string]bool{}, map[string]bool{}
			for _, set := range sets {
				without[key(set, l.Name)] = true
				values[valueOf(set, l.Name)] = true
			}
			if l.Without.Count != len(without) || l.Values.Count != len(values) || l.Values.Estimated {
				t.Fatalf("round %d label %s: %+v, want %d values and %d series without it", round, l.Name, l, len(values), len(without))
			}
		}
	}
}

func valueOf(set []metric.Label, name string) string {
	v, _ := metric.Labels(set).Get(name)
	return v
}

func key(set []metric.Label, without string) string {
	var parts []string
	for _, l := range set {
		if l.Name != without && l.Value != "" {
			parts = append(parts, l.Name+"="+l.Value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func TestManyValuesAreEstimates(t *testing.T) {
	for _, n := range []int{ExactValues, ExactValues + 1, 5000, 12_000, 200_000} {
		d := distinct{}
		c := NewCounter(policy.Thresholds{})
		for i := range n {
			d.add(newHashed(c.seed, []metric.Label{{Name: "id", Value: strconv.Itoa(i)}}).sum)
		}
		copied := d.clone()
		for i := range n {
			d.add(newHashed(c.seed, []metric.Label{{Name: "id", Value: strconv.Itoa(i)}}).sum)
		}
		got := d.count()
		if got != copied.count() {
			t.Errorf("%d values: seen twice they are %v, once %v", n, got, copied.count())
		}
		if got.Estimated != (n > ExactValues) {
			t.Errorf("%d values: %+v", n, got)
		}
		// Seven standard errors: the seed is random, and the test is not to be.
		if e := math.Abs(float64(got.Count-n)) / float64(n); e > 7*StandardError || !got.Estimated && e != 0 {
			t.Errorf("%d values were counted as %+v", n, got)
		}
	}
}

// TestEstimatesDoNotExceedWhatIsKnown counts metrics whose every series has a
// value of its own: an estimate that is too high would say that there are more
// values than series.
func TestEstimatesDoNotExceedWhatIsKnown(t *testing.T) {
	c := NewCounter(policy.Thresholds{})
	for m := range 8 {
		for i := range ExactValues + 2000 {
			id := strconv.Itoa(i)
			c.Add(strconv.Itoa(m), []metric.Label{{Name: "id", Value: id}, {Name: "path", Value: id}})
		}
	}
	for _, m := range c.Report().Metrics {
		for _, l := range m.Labels {
			if !l.Values.Estimated || l.Values.Count > m.Series || l.Without.Count > m.Series {
				t.Errorf("label %s: %+v values and %+v series without it, want estimates of at most %d", l.Name, l.Values, l.Without, m.Series)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	c := NewCounter(policy.Thresholds{})
	var labels []metric.Label
	for i := range MaxLabels + 10 {
		labels = append(labels, metric.Label{Name: fmt.Sprintf("l%d", i), Value: "x"})
	}
	c.Add("wide", labels)
	r := c.Report()
	if m := r.Metrics[0]; len(m.Labels) != MaxLabels || m.LabelsLeftOut != 10 || len(m.Pairs) != MaxPaired*(MaxPaired-1)/2 {
		t.Errorf("%d labels, %d left out, %d pairs", len(m.Labels), m.LabelsLeftOut, len(m.Pairs))
	}
	for i := range MaxMetrics + 5 {
		c.Add("m"+strconv.Itoa(i), nil)
	}
	if r := c.Report(); len(r.Metrics) != MaxMetrics || r.Uncounted != 6 || r.Series != MaxMetrics+6 {
		t.Errorf("%d metrics, %d uncounted, %d series", len(r.Metrics), r.Uncounted, r.Series)
	}
}

func TestGrowth(t *testing.T) {
	before, after := NewCounter(policy.Thresholds{}), NewCounter(policy.Thresholds{})
	add(before, "same", product(2))
	add(after, "same", product(2))
	add(before, "grown", product(2))
	add(after, "grown", product(9))
	add(before, "gone", product(3))
	add(after, "new", product(5))
	want := []Growth{{"grown", 2, 9}, {"new", 0, 5}, {"gone", 3, 0}}
	if got := after.Report().GrowthSince(before.Report()); !slices.Equal(got, want) {
		t.Errorf("growth %v, want %v", got, want)
	}
}

func TestFit(t *testing.T) {
	for name, test := range map[string]struct {
		sizes  []int
		budget int
		want   []Step
	}{
		"fits":                  {[]int{3, 4}, 12, nil},
		"one label, kept large": {[]int{3, 4, 10}, 40, []Step{{"a", Number{Count: 40}}}},
		"the largest has to go": {[]int{3, 4, 10}, 20, []Step{{"c", Number{Count: 12}}}},
		"two have to go":        {[]int{3, 4, 10}, 3, []Step{{"c", Number{Count: 12}}, {"b", Number{Count: 3}}}},
		"all have to go":        {[]int{2, 3}, 1, []Step{{"b", Number{Count: 2}}, {"a", Number{Count: 1}}}},
	} {
		got, err := Fit(product(test.sizes...), test.budget)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.want)
		}
	}
	if got, err := Fit(func(func([]metric.Label) bool) {}, 1); err != nil || got != nil {
		t.Errorf("no series: %v, %v", got, err)
	}
	if _, err := Fit(product(1), 0); err == nil || !strings.Contains(err.Error(), "budget of 0") {
		t.Errorf("a budget of 0: %v", err)
	}
}
