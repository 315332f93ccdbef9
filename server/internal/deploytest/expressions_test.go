package deploytest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// deploy is the directory under test, seen from here.
var deploy = filepath.Join("..", "..", "..", "deploy")

// expression is a PromQL expression and where it stands.
type expression struct{ where, text string }

// ruleFile is what is read of a file of rules.
type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

var ruleFiles = []string{"recording.yaml", "alerts.yaml"}

// rules are the expressions of the rules, and the names that they record.
func rules(t *testing.T) (expressions []expression, recorded map[string]bool) {
	t.Helper()
	recorded = map[string]bool{}
	for _, name := range ruleFiles {
		var file ruleFile
		if err := yaml.Unmarshal(read(t, "prometheus", name), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				expressions = append(expressions, expression{name + ": " + rule.Record + rule.Alert, rule.Expr})
				if rule.Record != "" {
					recorded[rule.Record] = true
				}
			}
		}
	}
	return expressions, recorded
}

// dashboard is what is read of a dashboard.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []struct {
		Title, Type string
		GridPos     struct{ H, W, X, Y int }
		Datasource  struct{ Type, UID string }
		Targets     []struct{ RefID, Expr string }
	}
	Templating struct {
		List []struct {
			Name  string
			Query any
		}
	}
}

func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(deploy, "grafana", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d dashboards, %v; want at least 5", len(files), err)
	}
	all := map[string]dashboard{}
	for _, file := range files {
		var d dashboard
		if err := json.Unmarshal(read(t, "grafana", filepath.Base(file)), &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = d
	}
	return all
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, filepath.Join(path...)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// variables are Grafana's, with values that it could put in.
var variables = strings.NewReplacer("$__rate_interval", "1m", "$job", "contextd")

var labelValues = regexp.MustCompile(`^label_values\((.+), ([a-z_]+)\)$`)

// shown are the expressions of a dashboard, those of its variables included.
func (d dashboard) shown(t *testing.T, name string) (expressions []expression) {
	t.Helper()
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			expressions = append(expressions, expression{name + ": " + panel.Title, variables.Replace(target.Expr)})
		}
	}
	for _, variable := range d.Templating.List {
		query, ok := variable.Query.(map[string]any)
		if !ok {
			continue
		}
		text, _ := query["query"].(string)
		m := labelValues.FindStringSubmatch(text)
		if m == nil {
			t.Errorf("%s: query %q of variable %s is not understood", name, text, variable.Name)
			continue
		}
		expressions = append(expressions, expression{name + ": $" + variable.Name, m[1]})
	}
	return expressions
}

// everyExpression is all that is asked of Prometheus.
func everyExpression(t *testing.T) []expression {
	all, _ := rules(t)
	for name, d := range dashboards(t) {
		all = append(all, d.shown(t, name)...)
	}
	return all
}

// use is a metric that an expression names, with the labels that it needs.
type use struct {
	metric string
	labels []string
}

// uses are the metrics of an expression. The labels are those that its selectors
// match, and those by which it groups what comes from one metric alone.
func (e expression) uses(t *testing.T) (uses []use) {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(e.text)
	if err != nil {
		t.Errorf("%s: %v", e.where, err)
		return nil
	}
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		u := use{metric: selector.Name}
		for _, m := range selector.LabelMatchers {
			if m.Name != model.MetricNameLabel {
				u.labels = append(u.labels, m.Name)
			}
		}
		for _, outer := range path {
			if aggregation, ok := outer.(*parser.AggregateExpr); ok && !aggregation.Without {
				u.labels = append(u.labels, aggregation.Grouping...)
			}
		}
		uses = append(uses, u)
		return nil
	})
	if len(uses) == 0 {
		t.Errorf("%s names no metric", e.where)
	}
	return uses
}
