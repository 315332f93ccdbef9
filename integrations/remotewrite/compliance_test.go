package remotewrite

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// TestCompliance runs Prometheus's own tests of senders, which are in a module of
// their own. It works on a copy of go.mod, so that a requirement of this module
// that moves on does not stop it.
func TestCompliance(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join("compliance", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(realserver.Find(t, "go"), "test", "-count=1", "-timeout=1m", "-v",
		"-mod=mod", "-modfile="+filepath.Join(dir, "go.mod"), ".")
	command.Dir = "compliance"
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
