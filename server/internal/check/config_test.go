package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/serve"
)

func load(path string) error {
	_, err := prom.LoadConfig(path, serve.Defaults("").Defaults)
	return err
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// found shows the problems without the directory.
func found(path string, problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, strings.TrimPrefix(p.String(), filepath.Dir(path)+"/"))
	}
	return b.String()
}

// Each text is wrong in the ways that are wanted, and in no other.
func TestConfig(t *testing.T) {
	const static = "  static_configs: [{targets: ['127.0.0.1:1']}]\n"
	for _, tt := range []struct {
		name, text string
		want       []string // each is contained in one problem
	}{
		{"empty", "", nil},
		{"right", "scrape_configs:\n- job_name: a\n" + static, nil},
		{"no YAML", "scrape_configs: [\n", []string{"not YAML"}},
		{"a list at the top", "- a\n", []string{":1: expected keys"}},
		{"an unknown key", "scrape_configs:\n- job_nam: a\n  job_name: a\n" + static, []string{`:2: scrape_configs[0].job_nam "a": unknown key "job_nam": did you mean "job_name"?`}},
		{"two durations", "scrape_configs:\n- job_name: a\n  scrape_interval: 5x\n- job_name: b\n  scrape_timeout: soon\n",
			[]string{`:3: scrape_configs[0].scrape_interval: `, `:5: scrape_configs[1].scrape_timeout: `}},
		{"two in one job", "scrape_configs:\n- job_name: a\n  scrape_interval: 5x\n  sample_limit: lots\n", []string{":3: ", ":4: "}},
		{"on one line", "scrape_configs: [{job_name: a, scrape_interval: 5x}, {job_name: a}, {job_name: b, sample_limit: -1}]\n",
			[]string{"scrape_configs[0].scrape_interval", "scrape_configs[1].job_name", "scrape_configs[2].sample_limit"}},
		{"a name twice", "scrape_configs:\n- job_name: a\n- job_name: b\n- job_name: a\n", []string{`:4: scrape_configs[2].job_name: `}},
		{"what follows from another is not told", "scrape_configs:\n- job_name: [a]\n", []string{`:2: scrape_configs[0].job_name: cannot unmarshal`}},
		{"a section not used", "rule_files: [a]\nalerting: {alertmanagers: [{}]}\n", []string{`section "rule_files"`, `section "alerting"`}},
		{"no name", "scrape_configs:\n- metrics_path: /x\n", []string{":2: scrape_configs[0]: job_name is empty: name the job"}},
		{"an alias", "scrape_configs:\n- &a {job_name: a, scrape_interval: 5x}\n- {<<: *a, job_name: b, sample_limit: x}\n", []string{":2: scrape_configs[0]", ":3: scrape_configs[1]"}},
		{"words that are no words", "global: {external_labels: {a: 'yes', b: \"1\", c: on}}\nscrape_configs: [{job_name: '12', honor_labels: yes}, {job_name: x, honor_labels: 12}]\n",
			[]string{"scrape_configs[1].honor_labels"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := file(t, tt.text)
			problems, err := Config(path, load)
			if err != nil {
				t.Fatal(err)
			}
			shown := strings.Split(strings.TrimSuffix(found(path, problems), "\n"), "\n")
			if len(problems) != len(tt.want) {
				t.Fatalf("%d problems, want %d:\n%s", len(problems), len(tt.want), strings.Join(shown, "\n"))
			}
			for i, want := range tt.want {
				if !strings.Contains(strings.Join(shown, "\n"), want) {
					t.Errorf("%s\nlacks %s", strings.Join(shown, "\n"), want)
				}
				if problems[i].Message == "" || problems[i].Remedy == "" {
					t.Errorf("%+v lacks a message or a remedy", problems[i])
				}
			}
		})
	}
}

// Paths in a configuration are relative to it, wherever the check is run.
func TestConfigFindsFilesBesideIt(t *testing.T) {
	path := file(t, "scrape_configs:\n- job_name: a\n  scheme: https\n  tls_config: {ca_file: ca.pem}\n- job_name: b\n  scrape_interval: 5x\n")
	problems, err := Config(path, load)
	if err != nil || len(problems) != 2 || problems[0].Where != "scrape_configs[0].tls_config.ca_file" {
		t.Fatalf("%v\n%s", err, found(path, problems))
	}
	if !strings.Contains(problems[0].Message, filepath.Join(filepath.Dir(path), "ca.pem")) {
		t.Errorf("the file is not named: %s", problems[0])
	}
}

func TestConfigTellsNoSecret(t *testing.T) {
	path := file(t, "scrape_configs:\n- job_name: a\n  basic_auth: {username: me, password: hush, password_file: x}\n- job_name: b\n  authorization: {credentials: [hush]}\n")
	problems, err := Config(path, load)
	if err != nil || len(problems) == 0 {
		t.Fatalf("%v, %d problems", err, len(problems))
	}
	for _, p := range problems {
		if p.Value == "hush" {
			t.Errorf("%+v", p)
		}
	}
}

func TestConfigThatCannotBeChecked(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if problems, err := Config(path, load); err == nil || len(problems) > 0 || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", path, problems, err)
		}
	}
}

// A long file is not loaded once for each of its lines.
func TestConfigLoadsRarely(t *testing.T) {
	var text strings.Builder
	text.WriteString("scrape_configs:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "- job_name: a%d\n", i)
		if i == 700 {
			text.WriteString("  scrape_interval: 5x\n")
		}
	}
	loads := 0
	path := file(t, text.String())
	problems, err := Config(path, func(path string) error { loads++; return load(path) })
	if err != nil || len(problems) != 1 || problems[0].Where != "scrape_configs[700].scrape_interval" {
		t.Errorf("%v\n%s", err, found(path, problems))
	}
	if loads > 30 {
		t.Errorf("loaded %d times", loads)
	}
}

// A file that is no configuration at all does not take for ever, and not all of it
// is told.
func TestConfigOfAnotherKind(t *testing.T) {
	var text strings.Builder
	for i := range 500 {
		fmt.Fprintf(&text, "key_%d: {a: 1}\n", i)
	}
	loads := 0
	path := file(t, text.String())
	problems, err := Config(path, func(path string) error { loads++; return load(path) })
	if err != nil || len(problems) != maxProblems+1 || loads > 2*maxProblems+10 {
		t.Errorf("%v, %d problems, loaded %d times", err, len(problems), loads)
	}
	if text := found(path, problems); !strings.Contains(text, "there are more problems: correct these, and check again") {
		t.Error(text)
	}
}

// Rendering keeps what a document means, and each line.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "a: [1, {b: c}]", "scrape_configs:\n- job_name: a\n  scrape_interval: 5x\n", "a: &x {b: 1}\nc: *x\n", "global:\n  scrape_interval: |\n    5x\n", "? a\n: b", "a: &a [*a]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := file(t, text)
		wrong := load(path)
		problems, err := Config(path, load)
		if err == nil && (wrong == nil) != (len(problems) == 0) {
			t.Errorf("loading says %v, and the check %v", wrong, problems)
		}
	})
}
