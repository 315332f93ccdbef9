package check

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	const group = "groups:\n- name: g\n  rules:\n"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"right", group + "  - record: a:b\n    expr: sum(c)\n", nil},
		{"empty", "", []string{"there is no rule in it"}},
		{"no YAML", "groups: [\n", []string{":1: ", "indentation"}},
		{"a configuration", "scrape_configs: []\n", []string{`:1: unknown key "scrape_configs"`}},
		{"no PromQL", group + "  - record: a\n    expr: sum(\n", []string{`:5: group "g", rule 1: could not parse expression`}},
		{"several", group + "  - record: a\n    expr: sum(\n    fro: 1m\n  - alert: B\n    expr: up\n    for: soon\n", []string{":5: ", `:6: unknown key "fro"`, `:9: groups[0].rules[1].for`}},
		{"both", group + "  - record: a\n    alert: B\n    expr: up\n", []string{"only one of"}},
		{"a template", group + "  - alert: B\n    expr: up == 0\n    annotations:\n      summary: '{{ $labels.x }'\n", []string{`:6: group "g", rule 1: annotation "summary"`}},
		{"a range", group + "  - record: a\n    expr: b[5m]\n", []string{":5: ", "is a range vector"}},
		{"fires always", group + "  - alert: A\n    expr: up == bool 0\n", []string{":5: ", "fires always", "take bool out"}},
		{"recorded twice", group + "  - {record: a, expr: up}\n  - {record: a, expr: down}\n", []string{`:5: group "g", rule 2: the same record is there twice: a`}},
		{"two thresholds", group + "  - {alert: A, expr: up < 1, labels: {severity: page}}\n  - {alert: A, expr: up < 2, labels: {severity: ticket}}\n", nil},
		{"groups of one name", group + "  - {record: a, expr: up}\n- name: g\n  rules: []\n", []string{":5: ", "is repeated in the same file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, tt.text)
			problems, err := Rules(path)
			if err != nil {
				t.Fatal(err)
			}
			shown := found(path, problems)
			if (len(tt.want) == 0) != (len(problems) == 0) {
				t.Errorf("problems:\n%s", shown)
			}
			for _, want := range tt.want {
				if !strings.Contains(shown, want) {
					t.Errorf("%s\nlacks %s", shown, want)
				}
			}
			for _, p := range problems {
				if p.Remedy == "" || p.Message == "" || strings.Contains(p.String(), "\n") {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// What the repository ships is right.
func TestRulesOfTheRepository(t *testing.T) {
	files, err := filepath.Glob("../../../deploy/prometheus/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.yaml") {
			continue
		}
		if problems, err := Rules(name); err != nil || len(problems) > 0 {
			t.Errorf("%v\n%s", err, found(name, problems))
		}
	}
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{"", "groups: [{name: a, rules: [{record: a, expr: up}]}]", "groups:\n- name: g\n  rules:\n  - alert: x\n    expr: up\n    for: soon\n", "groups: &a [*a]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Rules(file(t, text)); err != nil {
			t.Error(err)
		}
	})
}
