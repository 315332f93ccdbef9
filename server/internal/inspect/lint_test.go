package inspect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
)

func lint(t *testing.T, text string, options naming.Options) Lint {
	t.Helper()
	linter, err := naming.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text).Lint(linter)
}

// rulesBroken are the rules that say something of each metric.
func rulesBroken(l Lint) string {
	var found []string
	for _, f := range l.Findings {
		found = append(found, f.Metric+":"+f.Rule)
	}
	return strings.Join(found, " ")
}

func TestLint(t *testing.T) {
	const help = "# HELP %[1]s Something.\n# TYPE %[1]s %[2]s\n"
	declare := func(name, kind string) string { return fmt.Sprintf(help, name, kind) }
	var users strings.Builder
	for i := range 101 {
		fmt.Fprintf(&users, "shop_users_seen{user=\"%d\"} 1\n", i)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"well named", declare("shop_calls_total", "counter") + "shop_calls_total{status=\"ok\"} 1\n", ""},
		{"a counter without total", declare("shop_calls", "counter") + "shop_calls 1\n", "shop_calls:total"},
		{"nothing declared", "shop_calls 1\n", "shop_calls:help"},
		{"many values", declare("shop_users_seen", "gauge") + users.String(), "shop_users_seen:cardinality"},
		{"a forbidden label", declare("shop_calls_total", "counter") + "shop_calls_total{user_id=\"1\"} 1\n", "shop_calls_total:label-policy"},
		{"a total beside its parts", declare("shop_calls_total", "counter") + "shop_calls_total{status=\"ok\"} 1\nshop_calls_total{status=\"all\"} 1\n", "shop_calls_total:total-beside-parts"},
		{"a histogram", declare("shop_wait_seconds", "histogram") + "shop_wait_seconds_bucket{le=\"+Inf\"} 1\nshop_wait_seconds_sum 1\nshop_wait_seconds_count 1\n", ""},
		{"an info", declare("shop_build", "info") + "shop_build_info{version=\"1\"} 1\n# EOF\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := rulesBroken(lint(t, tt.text, naming.Options{Labels: policy.DefaultLabels()})); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// Names that should be one name and a label are told in full, unless that is
// waived.
func TestLintSiblings(t *testing.T) {
	var text strings.Builder
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(&text, "# HELP service_%[1]d_http_calls_total Calls.\n# TYPE service_%[1]d_http_calls_total counter\nservice_%[1]d_http_calls_total 1\n", i)
	}
	l := lint(t, text.String(), naming.Options{})
	if len(l.Siblings) != 1 || l.Siblings[0].Label != "service" || l.Siblings[0].Name != "http_calls_total" || len(l.Siblings[0].Members) != 3 {
		t.Errorf("siblings %+v", l.Siblings)
	}
	if !strings.Contains(rulesBroken(l), "sibling-names") {
		t.Errorf("findings %s", rulesBroken(l))
	}
	l = lint(t, text.String(), naming.Options{Waivers: []naming.Waiver{{Rule: "sibling-names", Metric: "service_*", Reason: "A test."}}})
	if len(l.Siblings)+len(l.Findings) != 0 {
		t.Errorf("siblings %+v, findings %s", l.Siblings, rulesBroken(l))
	}
}

// However many words a name has, linting it takes little memory.
func TestLintBoundsWhatIsCompared(t *testing.T) {
	long := strings.Repeat("a_", 1<<20) + "total"
	l := lint(t, long+" 1\nshop_calls 1\n", naming.Options{})
	if l.Uncompared != 1 || l.Metrics != 2 || !strings.Contains(rulesBroken(l), "shop_calls:help") || !strings.Contains(rulesBroken(l), long+":help") {
		t.Errorf("%d of %d were not compared, and %d findings", l.Uncompared, l.Metrics, len(l.Findings))
	}
}
