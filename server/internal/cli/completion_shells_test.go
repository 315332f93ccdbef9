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

// shells ask a real shell, which has loaded its script, what may follow each line
// that it reads, and print an empty line after each answer. bash gets its words as
// readline splits them. zsh completes only at a terminal, so what it would be handed
// is printed.
var shells = map[string][]string{
	"bash": {"--norc", "-u", "-c", `source "$1"
complete -p metertree >/dev/null || exit 3
compopt() { echo "compopt $*"; }
while IFS= read -r line; do
	read -ra COMP_WORDS <<<"${line//=/ = }"
	[[ $line == *" " ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
	_metertree || exit 4
	((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
	echo
done`, "bash"},
	"zsh": {"-f", "-c", `compdef() { : }
_describe() { print -rl -- ${${(P)@[-1]}%%:*} }
compadd() { shift; print -rl -- $@ }
compset() { : }
_files() { print files }
_message() { : }
source $1
while IFS= read -r line; do
	words=("${(@s: :)line}"); CURRENT=$#words
	_metertree
	print
done`, "zsh"},
	"fish": {"--no-config", "-c", `source $argv[1]
while read --line line
	complete -C "$line" | string replace -r '\t.*' ''
	echo
end`},
}

// offers returns what a shell offers after each line.
func offers(t *testing.T, shell string, lines []string) (offered [][]string) {
	t.Helper()
	program := realserver.Find(t, shell)
	code, script, said := run(t, "completion", shell)
	if code != exitOK {
		t.Fatal(said)
	}
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, append(slices.Clone(shells[shell]), path)...)
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var answer []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			answer = append(answer, line)
			continue
		}
		offered, answer = append(offered, answer), nil
	}
	if len(offered) != len(lines) {
		t.Fatalf("%d answers to %d lines\n%s", len(offered), len(lines), out)
	}
	return offered
}

// question is a line, what a shell must offer after it, and what it must not.
type question struct {
	line     string
	want     []string
	unwanted string
}

// questions are of every command, flag and value that is known.
func questions(t *testing.T) (list []question) {
	t.Helper()
	parser, err := newParser(t.Context(), Streams{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range completed(parser.Model.Node) {
		var names, flags []string
		for _, s := range c.Subs {
			names = append(names, s.Name)
		}
		for _, f := range c.Flags {
			flags = append(flags, "--"+f.Name)
			if f.Words != nil {
				list = append(list, question{c.Path + " --" + f.Name + " ", f.Words, "--help"})
			}
		}
		list = append(list, question{c.Path + " --", flags, "serve"})
		if names = append(names, c.Words...); len(names) > 0 {
			list = append(list, question{c.Path + " ", names, "--help"})
		}
	}
	if len(list) < 30 {
		t.Fatalf("%d questions", len(list))
	}
	return append(list,
		question{"metertree serve --no-scrape.s", []string{"--no-scrape.self"}, "--scrape"},
		question{"metertree serve --log.format=", []string{"json"}, "--help"},
		question{"metertree serve --storage.path data --log.level ", []string{"debug"}, "serve"},
	)
}

func TestShellsOfferEverything(t *testing.T) {
	asked := questions(t)
	lines := make([]string, len(asked))
	for i, q := range asked {
		lines[i] = q.line
	}
	for shell := range shells {
		t.Run(shell, func(t *testing.T) {
			for i, got := range offers(t, shell, lines) {
				if shell == "fish" && strings.Contains(lines[i], "=") {
					for at, whole := range got { // it repeats what stands there
						got[at] = whole[strings.Index(whole, "=")+1:]
					}
				}
				for _, want := range asked[i].want {
					if !slices.Contains(got, want) {
						t.Errorf("%q: %q lacks %s", lines[i], got, want)
					}
				}
				// zsh chooses among what it is handed by itself.
				if slices.Contains(got, asked[i].unwanted) && shell != "zsh" {
					t.Errorf("%q: %q has %s", lines[i], got, asked[i].unwanted)
				}
			}
		})
	}
}
