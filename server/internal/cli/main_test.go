package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// asProgram makes the test binary behave as the metertree binary, so that tests
// can start it as a process of its own, and kill it.
const asProgram = "METERTREE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(Main(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, args...)
	command.Env = append(os.Environ(), asProgram+"=1")
	return command
}

// served is a metertree process.
type served struct {
	*realserver.Process
	apitest.Client
}

// serveProcess starts "metertree serve" as a process, on a free port.
func serveProcess(t *testing.T, args ...string) *served {
	t.Helper()
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return program(t, append([]string{"serve", "--web.listen-address=" + address, "--log.level=warn"}, args...)...)
	})
	return &served{Process: p, Client: apitest.Client{URL: p.URL}}
}

// dataDir is where a server under test may store.
func dataDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data")
}
