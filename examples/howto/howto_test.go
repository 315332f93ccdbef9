//go:build !metertree_off

// Package howto_test is the code of docs/how-to.md, compiled and run. A test of the
// documentation compares the two.
package howto_test

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/metertest"
)

// t stands for the *testing.T of a test, and prints what the test says.
var t printer

type printer struct{}

func (printer) Helper()                      {}
func (printer) Cleanup(func())               {}
func (printer) Errorf(f string, args ...any) { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// show prints the series of metrics whose names begin so.
func show(m *metertest.Metrics, prefix string) {
	for line := range strings.Lines(m.Exposition()) {
		if strings.HasPrefix(line, prefix) {
			fmt.Print(line)
		}
	}
}
