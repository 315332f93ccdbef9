package deploytest

import (
	"fmt"
	"os"
	"testing"

	// The program that is built here is made of it. Without the import, results of
	// these tests would outlive a change of it in the cache.
	_ "github.com/metertree/metertree/server/internal/cli"
)

// scratch is a directory for what several tests share. It is removed after the last.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "deploytest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(scratch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
