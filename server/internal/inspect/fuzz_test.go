package inspect

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/server/internal/prom"
)

// FuzzInspect does everything there is with two expositions, and checks what holds
// for any.
func FuzzInspect(f *testing.F) {
	f.Add(textFormat, openMetrics)
	f.Add(beforeRenames, afterRenames)
	f.Add("{\"a\\nb\"} 1\n", "{\"c\\nd\",\"\\n\"=\"\\n\"} NaN\n")
	f.Add("# TYPE a summary\na_count 1\na 1\na_sum{quantile=\"x\"} 2\n", "# TYPE a_count gauge\na_count 1\n# TYPE a histogram\na_bucket 1\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		var both [2]*Exposition
		for i, text := range []string{before, after} {
			b := NewBuilder()
			if prom.ReadExposition(strings.NewReader(text), prom.FormatAny, b) != nil {
				return
			}
			both[i] = b.Build()
		}
		old, now := both[0], both[1]
		if d := Diff(old, old); told(d) != "" || d.Breaking() != 0 {
			t.Errorf("differs from itself by\n%s", told(d))
		}
		d := Diff(old, now)
		if len(old.Families)-len(d.Removed) != len(now.Families)-len(d.Added) {
			t.Errorf("%d metrics, %d removed, %d added, then %d", len(old.Families), len(d.Removed), len(d.Added), len(now.Families))
		}
		for _, write := range []func() ([]byte, error){d.RecordingRules, d.RelabelConfigs} {
			document, err := write()
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.Unmarshal(document, new(map[string]any)); err != nil {
				t.Errorf("not YAML: %v\n%s", err, document)
			}
		}
		linter, err := naming.New(naming.Options{Labels: policy.DefaultLabels()})
		if err != nil {
			t.Fatal(err)
		}
		if l := now.Lint(linter); l.Metrics != len(now.Families) {
			t.Errorf("%d of %d metrics linted", l.Metrics, len(now.Families))
		}
		report := now.Cardinality(policy.Thresholds{})
		if report.Series != now.Series() {
			t.Errorf("%d series counted of %d", report.Series, now.Series())
		}
		plan, err := now.Fit(report, 1)
		if err != nil || plan.Remaining.Count < 1 || plan.Remaining.Count > report.Series {
			t.Errorf("%d of %d series remain, error %v", plan.Remaining.Count, report.Series, err)
		}
	})
}
