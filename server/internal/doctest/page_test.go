package doctest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is the root, seen from this package.
const repository = "../../.."

// page is what a reader types and saves while reading, from top to bottom.
type page struct {
	path  string
	steps []step
}

// step is a command, or a file to save.
type step struct {
	// line is the first line of it on the page, from 1.
	line int
	// text is the command, or what is in the file.
	text string
	// file is the file's name; empty for a command.
	file string
}

var (
	fenceMark = regexp.MustCompile("^[ \t]*```(.*)$")
	// namedFile is the first line of a block that is a file of that name.
	namedFile = regexp.MustCompile(`^(?:#|//) ([\w./-]+\.\w+)$`)
	// looksTyped is a line that somebody would type into a shell.
	looksTyped = regexp.MustCompile(`^(?:\$ )?(?:[A-Z_]+=\S+ +)*(?:sudo |bin/)?` +
		`(?:metertree [a-z-]|make( [a-z]|$)|go (get|run|test|build|vet|doc|list|install|mod|work|tool) |git [a-z]|curl |prometheus -|promtool |` +
		`docker [a-z]|kubectl |systemctl |apt(-get)? |install -|openssl |htpasswd |export [A-Z]|cd [a-z.])`)
)

// shells are the languages of blocks that hold commands.
var shells = []string{"sh", "bash", "shell"}

// dialogues are those of blocks that hold commands, after a dollar, and what they
// print.
var dialogues = []string{"console", "shell-session"}

// elsewhere are pages that another test runs, with what it compares besides.
var elsewhere = map[string]string{
	"docs/tutorial.md": "server/internal/cli/tutorial_test.go",
}

// generated are pages whose commands cannot be put into blocks, with the reason;
// their indented commands are run all the same.
var generated = map[string]string{
	"docs/benchmarks.md":        "written by make bench",
	"docs/benchmarks-server.md": "written by make bench-server",
}

// pages are the documentation.
func pages(t *testing.T) []page {
	t.Helper()
	paths := []string{"README.md", "CONTRIBUTING.md", "deploy/README.md"}
	err := filepath.WalkDir(filepath.Join(repository, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") && !entry.IsDir() {
			var relative string
			if relative, err = filepath.Rel(repository, path); err == nil {
				paths = append(paths, filepath.ToSlash(relative))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []page
	for _, path := range paths {
		text, err := os.ReadFile(filepath.Join(repository, path))
		if err != nil {
			t.Fatal(err)
		}
		if test := elsewhere[path]; test != "" {
			if source, err := os.ReadFile(filepath.Join(repository, test)); err != nil || !strings.Contains(string(source), filepath.Base(path)) {
				t.Errorf("%s is to be run by %s, which does not name it: %v", path, test, err)
			}
			continue
		}
		p, outside := parse(path, string(text))
		for _, stray := range outside {
			t.Errorf("%s:%d: put this command into a block that begins with ```sh: %s", path, stray.line, stray.text)
		}
		all = append(all, p)
	}
	return all
}

// parse finds the steps of a page, and the lines outside of shell blocks that look
// as if they were to be typed.
func parse(path, text string) (p page, outside []step) {
	p.path = path
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if mark := fenceMark.FindStringSubmatch(lines[i]); mark != nil {
			begin := i + 1
			for i++; i < len(lines) && fenceMark.FindString(lines[i]) == ""; i++ {
			}
			block := lines[begin:min(i, len(lines))]
			steps, strays := ofBlock(strings.TrimSpace(mark[1]), block, begin+1)
			p.steps, outside = append(p.steps, steps...), append(outside, strays...)
			continue
		}
		typed, indented := strings.CutPrefix(lines[i], "    ")
		if !indented || !looksTyped.MatchString(typed) {
			continue
		}
		stray := step{line: i + 1, text: typed}
		if generated[path] != "" {
			p.steps = append(p.steps, stray)
		} else {
			outside = append(outside, stray)
		}
	}
	return p, outside
}

// ofBlock are the steps of a fenced block whose first line is that line of the page.
func ofBlock(language string, block []string, line int) (steps, outside []step) {
	switch {
	case slices.Contains(dialogues, language):
		for i, text := range block {
			if command, typed := strings.CutPrefix(text, "$ "); typed {
				steps = append(steps, step{line: line + i, text: command})
			}
		}
	case slices.Contains(shells, language):
		steps = commands(block, line)
	case len(block) > 0 && namedFile.MatchString(block[0]):
		name := namedFile.FindStringSubmatch(block[0])[1]
		steps = []step{{line: line, file: name, text: strings.Join(block, "\n") + "\n"}}
	case language == "":
		for i, text := range block {
			if looksTyped.MatchString(text) {
				outside = append(outside, step{line: line + i, text: text})
			}
		}
	}
	return steps, outside
}

// commands are the commands of a shell block: lines are joined as long as the
// shell would ask for more.
func commands(block []string, line int) (steps []step) {
	for i := 0; i < len(block); i++ {
		text := strings.TrimRight(block[i], " ")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		begin := i
		for i+1 < len(block) && !complete(text) {
			i++
			text += "\n" + block[i]
		}
		steps = append(steps, step{line: line + begin, text: text})
	}
	return steps
}

func TestParse(t *testing.T) {
	text := strings.Join([]string{
		"# Title", "```sh", "one \\", "  --more", "# a comment", "two |", "  three", "cat > f <<'E'", "in it", "E", "```",
		"```console", "$ four", "printed", "```", "```yaml", "# five.yml", "a: 1", "```", "```", "go get example.org/m", "```",
		"    make six", "    a := 7",
	}, "\n")
	p, outside := parse("page.md", text)
	want := []step{
		{line: 3, text: "one \\\n  --more"}, {line: 6, text: "two |\n  three"}, {line: 8, text: "cat > f <<'E'\nin it\nE"},
		{line: 13, text: "four"}, {line: 17, text: "# five.yml\na: 1\n", file: "five.yml"},
	}
	if !slices.Equal(p.steps, want) {
		t.Errorf("steps %+v\nwant  %+v", p.steps, want)
	}
	strays := []step{{line: 21, text: "go get example.org/m"}, {line: 23, text: "make six"}}
	if !slices.Equal(outside, strays) {
		t.Errorf("outside of shell blocks %+v, want %+v", outside, strays)
	}
}
