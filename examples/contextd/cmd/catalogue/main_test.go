package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/examples/contextd/demo"
	"github.com/metertree/metertree/internal/realserver"
)

// catalogue is the page as it is now, and as it should be.
func catalogue(t *testing.T) (have, want string) {
	t.Helper()
	kept, err := os.ReadFile(filepath.FromSlash("../../../../docs/catalogue.md"))
	if err != nil {
		t.Fatal(err)
	}
	var fresh bytes.Buffer
	if err := run(t.Context(), &fresh); err != nil {
		t.Fatal(err)
	}
	return string(kept), fresh.String()
}

func TestThePageIsUpToDate(t *testing.T) {
	have, want := catalogue(t)
	if have == want {
		return
	}
	lines := map[string]bool{}
	for line := range strings.Lines(have) {
		lines[line] = true
	}
	for line := range strings.Lines(want) {
		if !lines[line] {
			t.Errorf("docs/catalogue.md lacks: %s", line)
		}
	}
	t.Error("docs/catalogue.md is out of date: run make docs")
}

var (
	row      = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")
	typeLine = regexp.MustCompile(`(?m)^# TYPE ([a-z_]+) `)
)

// TestThePageHoldsWhatIsServed compares the page with a scrape of the running
// demonstration.
func TestThePageHoldsWhatIsServed(t *testing.T) {
	have, _ := catalogue(t)
	listed := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(have, -1) {
		listed[m[1]] = true
	}
	at := startDemo(t)
	err := realserver.Eventually(t.Context(), 20*time.Second, func(context.Context) error {
		served := served(t, at.Metrics)
		if len(served) < many {
			return fmt.Errorf("%d metrics are served, want %d", len(served), many)
		}
		for _, name := range served {
			if !listed[name] {
				t.Errorf("%s is served and not in the catalogue", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// many is how many metrics the demonstration serves soon after its start.
const many = 140

// served are the names of the metrics that an address serves.
func served(t *testing.T, url string) (names []string) {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range typeLine.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	return names
}

// startDemo runs a demonstration until the test's end.
func startDemo(t *testing.T) (at demo.Addresses) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan demo.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Config{Ready: func(at demo.Addresses) { ready <- at }})
	}()
	select {
	case at = <-ready:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return at
}

func TestPackageOf(t *testing.T) {
	for function, want := range map[string]string{
		module + "/collect/queue.New": "collect/queue",
		module + ".Start":             "",
		module + "/collect/telemetry.New[go.shape.map[string]x/y.Z]": "collect/telemetry",
		module + "/registry.(*Registry).Define":                      "registry",
		"main.run":                                                   "main",
	} {
		if got := packageOf(function); got != want {
			t.Errorf("package of %s is %q, want %q", function, got, want)
		}
	}
}
