package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

const repository = "../../.."

// operatorPages have commands that operators type.
var operatorPages = []string{"docs/operations.md", "deploy/README.md"}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// typed are the commands of a page, with continued lines joined.
func typed(t *testing.T, page string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range shellBlock.FindAllSubmatch(text, -1) {
		joined := strings.ReplaceAll(string(block[1]), "\\\n", " ")
		for line := range strings.Lines(joined) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s has no commands", page)
	}
	return lines
}

// others are programs that a page may name, and what they do is not tested here.
var others = []string{
	"install", "systemctl", "docker", "kubectl", "tar", "curl", "kill", "go", "prometheus", "promtool",
}

// callsOf returns the arguments of each call of metertree on a line.
func callsOf(line string) (calls [][]string) {
	line, _, _ = strings.Cut(line, " #")
	for _, part := range regexp.MustCompile(`&&|\|\||;|\|`).Split(line, -1) {
		words := strings.Fields(part)
		at := slices.IndexFunc(words, func(w string) bool { return w == "metertree" || w == "/metertree" })
		if at < 0 || at > 0 && words[at] == "metertree" && words[0] != "docker" {
			continue
		}
		arguments := words[at+1:]
		if end := slices.Index(arguments, ">"); end >= 0 {
			arguments = arguments[:end]
		}
		if len(arguments) > 0 && arguments[0] != "." {
			calls = append(calls, arguments)
		}
	}
	return calls
}

// Every command and flag of ours that a page names is one that there is.
func TestCommandsOfOperatorsExist(t *testing.T) {
	seen := 0
	for _, page := range operatorPages {
		for _, line := range typed(t, page) {
			if out, err := exec.Command(realserver.Find(t, "bash"), "-n", "-c", line).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %s", page, line, out)
			}
			program := strings.Fields(line)[0]
			if program != "metertree" && !slices.Contains(others, program) {
				t.Errorf("%s: %s: is %s a program that operators have?", page, line, program)
			}
			for _, arguments := range callsOf(line) {
				seen++
				if err := parses(t, arguments...); err != nil {
					t.Errorf("%s: %s: %v", page, line, err)
				}
			}
		}
	}
	if seen < 15 {
		t.Errorf("%d calls of metertree were found", seen)
	}
}

// parses reports whether the arguments are a command line of ours.
func parses(t *testing.T, arguments ...string) error {
	t.Helper()
	parser, err := newParser(t.Context(), Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(arguments)
	return err
}

// The commands that only look are run as they stand, against a real server.
func TestCommandsOfOperatorsRun(t *testing.T) {
	directory := t.TempDir()
	configuration := filepath.Join(directory, "prometheus.yml")
	if err := os.WriteFile(configuration, []byte("global: {scrape_interval: 1s, scrape_timeout: 1s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, shared := range []string{"deploy"} {
		target, err := filepath.Abs(filepath.Join(repository, shared))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(directory, shared)); err != nil {
			t.Fatal(err)
		}
	}
	p := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+configuration)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		return len(p.Query(t, "metertree_ingest_refused_samples_total", time.Now())) > 0, "the server has not scraped itself"
	})
	address := strings.TrimPrefix(p.Client.URL, "http://")
	ran := 0
	for _, line := range typed(t, "docs/operations.md") {
		safe := strings.HasPrefix(line, "curl ") || strings.HasPrefix(line, "metertree ") && !strings.HasPrefix(line, "metertree serve")
		if !safe || strings.Contains(line, "pidof") {
			continue
		}
		ran++
		command := exec.Command(realserver.Find(t, "bash"), "-c", `metertree() { "$program" "$@"; }; `+pointed(line, address))
		command.Dir = directory
		command.Env = append(program(t).Env, "program="+program(t).Path)
		out, err := command.CombinedOutput()
		if err != nil && !onlyRoom(string(out)) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	if ran < 15 {
		t.Errorf("%d commands were run", ran)
	}
}

// pointed is a command that asks the server under test.
func pointed(line, address string) string {
	line = strings.ReplaceAll(line, "127.0.0.1:2122", address)
	if strings.HasPrefix(line, "metertree doctor") {
		line += " --url http://" + address
	}
	return line
}

// onlyRoom reports whether the doctor finds no fault but that this machine has
// little room.
func onlyRoom(out string) bool {
	for line := range strings.Lines(out) {
		if (strings.HasPrefix(line, "error") || strings.HasPrefix(line, "warning")) && !strings.Contains(line, "(disk)") && !strings.Contains(line, "(memory)") {
			return false
		}
	}
	return strings.Contains(out, "finding")
}
