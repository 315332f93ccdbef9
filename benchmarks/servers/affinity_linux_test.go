package servers

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A process has the cores that it was started on, and this one keeps its own.
func TestStartOn(t *testing.T) {
	all := allowedCores()
	if len(all) == 0 {
		t.Fatal("this process has no cores")
	}
	last := all[len(all)-1:]
	var output strings.Builder
	command := exec.Command("sh", "-c", "grep Cpus_allowed_list /proc/self/status")
	command.Stdout = &output
	if err := startOn(last, command); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(strings.TrimSpace(output.String()), "\t")
	if want := strconv.Itoa(last[0]); list != want {
		t.Errorf("it runs on %q, want %q", list, want)
	}
	if got := allowedCores(); !slices.Equal(got, all) {
		t.Errorf("this process has cores %v, had %v", got, all)
	}
}

func TestKeepTo(t *testing.T) {
	all := allowedCores()
	if err := keepTo(all); err != nil {
		t.Fatal(err)
	}
	if err := keepTo([]int{maxCores - 1}); err == nil {
		t.Error("bound to a core that this machine hardly has")
		_ = keepTo(all)
	}
}
