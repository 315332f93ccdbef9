package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// completions asks a real bash, which has loaded the script, what may follow.
func completions(t *testing.T, words ...string) []string {
	t.Helper()
	_, script, _ := run(t, "completion", "bash")
	path := filepath.Join(t.TempDir(), "metertree.bash")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	// What readline does: it fills in the words and calls the function.
	const ask = `source "$1"; shift
complete -p metertree >/dev/null || exit 3
compopt() { echo "compopt $*"; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_metertree || exit 4
printf '%s\n' "${COMPREPLY[@]}"`
	command := exec.Command(realserver.Find(t, "bash"), append([]string{"--norc", "-u", "-c", ask, "bash", path}, words...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("bash: %v\n%s", err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletes(t *testing.T) {
	for _, tt := range []struct {
		words    []string
		want     []string // all of them, or with … among others
		unwanted string
	}{
		{[]string{"metertree", "se"}, []string{"serve"}, ""},
		{[]string{"metertree", ""}, []string{"serve", "doctor", "check", "version", "…"}, "--help"},
		{[]string{"metertree", "check", ""}, []string{"config", "rules", "metrics"}, "serve"},
		{[]string{"metertree", "check", "r"}, []string{"rules"}, ""},
		{[]string{"metertree", "check", "rules", "--j"}, []string{"--json"}, ""},
		{[]string{"metertree", "check", "rules", "al"}, []string{"compopt", "-o", "default"}, ""},
		{[]string{"metertree", "serve", "--storage."}, []string{"--storage.path", "--storage.retention", "…"}, "--scrape"},
		{[]string{"metertree", "serve", "--no-"}, []string{"--no-scrape.self"}, ""},
		{[]string{"metertree", "serve", "--log.level", ""}, []string{"debug", "info", "warn", "error"}, ""},
		{[]string{"metertree", "serve", "--log.level", "=", ""}, []string{"debug", "info", "warn", "error"}, ""},
		{[]string{"metertree", "serve", "--log.level", "="}, []string{"debug", "info", "warn", "error"}, ""},
		{[]string{"metertree", "serve", "--config.file", "x"}, []string{"compopt", "-o", "default"}, ""},
		{[]string{"metertree", "serve", "--storage.retention", "x"}, nil, ""},
		{[]string{"metertree", "completion", ""}, []string{"bash", "zsh", "fish"}, ""},
	} {
		got := completions(t, tt.words...)
		for _, want := range tt.want {
			if want != "…" && !slices.Contains(got, want) {
				t.Errorf("%q: %q lacks %s", tt.words, got, want)
			}
		}
		if !slices.Contains(tt.want, "…") && len(got) != len(tt.want) || slices.Contains(got, tt.unwanted) && tt.unwanted != "" {
			t.Errorf("%q: %q, want %q", tt.words, got, tt.want)
		}
	}
}

// Every shell's script knows every command and flag.
func TestCompletionsAreComplete(t *testing.T) {
	parser, err := newParser(t.Context(), Streams{})
	if err != nil {
		t.Fatal(err)
	}
	commands := completed(parser.Model.Node)
	if len(commands) < 15 {
		t.Fatalf("%d commands", len(commands))
	}
	form := map[string]string{"bash": "--%", "zsh": "'--%:", "fish": "-l '%'"}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, script, said := run(t, "completion", shell)
		if code != exitOK || said != "" {
			t.Fatalf("%s: %d %s", shell, code, said)
		}
		for _, c := range commands {
			if !strings.Contains(script, "'"+c.Path+"'") && !strings.Contains(script, "__metertree_at "+c.Path+"'") {
				t.Errorf("%s: no %s", shell, c.Path)
			}
			for _, f := range c.Flags {
				if !strings.Contains(script, strings.ReplaceAll(form[shell], "%", f.Name)) {
					t.Errorf("%s: no flag %s of %s", shell, f.Name, c.Path)
				}
			}
		}
	}
	if code, _, said := run(t, "completion", "tcsh"); code != exitUsage || !strings.Contains(said, "bash") {
		t.Errorf("%d %s", code, said)
	}
}
