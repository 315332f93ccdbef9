package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

var (
	// tutorialStep is a file of the tutorial, or a block of commands.
	tutorialStep = regexp.MustCompile("(?ms)^`([a-z_]+\\.go)`:\n\n```go\n(.*?)^```$|^```shell-session\n(.*?)^```$")
	typedCommand = regexp.MustCompile(`(?m)^\$ (.*)\n`)
	// varying is what differs from run to run, and what the page shows in place
	// of it.
	varying = []struct {
		pattern *regexp.Regexp
		shown   string
	}{
		{regexp.MustCompile(`\b\d+\.\d{3}s\b`), "0.005s"},
		{regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `), "2026/11/02 09:30:00 "},
	}
)

// TestTutorial does what docs/tutorial.md says, from an empty directory on: it
// writes the files and types the commands, in one shell, and compares what they
// print; -update-golden writes it.
func TestTutorial(t *testing.T) {
	const page = "../../../docs/tutorial.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	follow := newFollower(t)
	steps := tutorialStep.FindAllStringSubmatch(string(text), -1)
	for _, step := range steps {
		if step[1] != "" {
			follow.write(step[1], step[2])
		} else {
			follow.commands(step[3])
		}
	}
	if len(steps) < 12 || len(follow.files) != 5 || len(follow.typed) < 20 {
		t.Fatalf("%d steps with %d files and %d commands are found in %s", len(steps), len(follow.files), len(follow.typed), page)
	}
	follow.run()

	next := 0
	fresh := tutorialStep.ReplaceAllStringFunc(string(text), func(step string) string {
		if !strings.HasPrefix(step, "```shell-session\n") {
			return step
		}
		var block strings.Builder
		for _, line := range typedCommand.FindAllString(step, -1) {
			block.WriteString(line + follow.printed(next))
			next++
		}
		return "```shell-session\n" + block.String() + "```"
	})
	if fresh == string(text) {
		return
	}
	if !*updateGolden {
		t.Fatalf("%s does not show what is printed now: go test ./server/internal/cli -run TestTutorial -update-golden; it would be\n%s", page, fresh)
	}
	if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

// follower follows the page. It writes down what a reader would type as one
// script, and keeps what each command prints apart.
type follower struct {
	t *testing.T
	// dir has a file for each command, of what it prints.
	dir string
	// replace puts the test's addresses and directory in place of the page's, and
	// restore undoes it.
	replace, restore *strings.Replacer
	files, typed     []string
	script           strings.Builder
}

// newFollower puts free addresses and a directory of the test in place of those
// that the page names.
func newFollower(t *testing.T) *follower {
	t.Helper()
	work := filepath.Join(t.TempDir(), "parcels")
	service, metrics := realserver.FreeAddress(t), realserver.FreeAddress(t)
	f := &follower{
		t: t, dir: t.TempDir(),
		replace: strings.NewReplacer("/tmp/parcels", work, "127.0.0.1:8080", service, "127.0.0.1:2121", metrics),
		restore: strings.NewReplacer(work, "/tmp/parcels", service, "127.0.0.1:8080", metrics, "127.0.0.1:2121"),
	}
	// What is built already is not built again.
	fmt.Fprintf(&f.script, "metertree() { %s=1 \"$program\" \"$@\"; }\nmake() { :; }\n", asProgram)
	fmt.Fprintf(&f.script, "running() { until (: </dev/tcp/%s) 2>/dev/null; do sleep 0.1; kill -0 $! || return; done; }\n",
		strings.Replace(service, ":", "/", 1))
	return f
}

// write makes a file, which is the one of the example.
func (f *follower) write(name, content string) {
	f.t.Helper()
	kept, err := os.ReadFile(filepath.Join("../../../examples/tutorial", name))
	if err != nil {
		f.t.Fatal(err)
	}
	if content != string(kept) {
		f.t.Errorf("the tutorial's %s is not that of examples/tutorial", name)
	}
	f.files = append(f.files, name)
	fmt.Fprintf(&f.script, "cat >%s <<'END OF FILE'\n%sEND OF FILE\n", name, f.replace.Replace(content))
}

// commands types those of a block.
func (f *follower) commands(block string) {
	for _, match := range typedCommand.FindAllStringSubmatch(block, -1) {
		command := match[1]
		fmt.Fprintf(&f.script, "{ %s\n} >%q 2>&1\n", f.replace.Replace(command), f.output(len(f.typed)))
		switch {
		case strings.HasSuffix(command, "&"):
			f.script.WriteString("running\n") // a reader waits for the prompt, too
		case strings.HasPrefix(command, "kill"):
			f.script.WriteString("wait 2>/dev/null\n")
		}
		f.typed = append(f.typed, command)
	}
}

// output is the file of what a command prints.
func (f *follower) output(command int) string {
	return filepath.Join(f.dir, fmt.Sprint(command))
}

// run runs the script, and ends what it has left running.
func (f *follower) run() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 5*time.Minute)
	defer cancel()
	f.script.WriteString("kill $(jobs -p) 2>/dev/null; wait\n")
	command := exec.CommandContext(ctx, realserver.Find(f.t, "bash"), "--norc", "-c", f.script.String())
	command.Dir = "../../.." // a reader starts in the clone
	self := program(f.t)
	command.Env = append(os.Environ(), "program="+self.Path)
	// What the script has started ends with it, also when it takes too long.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	if out, err := command.CombinedOutput(); err != nil {
		f.t.Fatalf("following the tutorial: %v\n%s", err, out)
	}
}

// printed is what a command printed, as the page shows it.
func (f *follower) printed(command int) string {
	f.t.Helper()
	out, err := os.ReadFile(f.output(command))
	if err != nil {
		f.t.Fatal(err)
	}
	text := f.restore.Replace(string(out))
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.shown)
	}
	return text
}
