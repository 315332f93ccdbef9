package cli

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/metertree/metertree/internal/realserver"
)

// The page is formatted without a warning, and has every command and flag.
func TestManualPage(t *testing.T) {
	code, page, said := run(t, "man")
	if code != exitOK || said != "" || !strings.HasPrefix(page, `.TH "METERTREE" "1"`) {
		t.Fatalf("%d %s\n%.100s", code, said, page)
	}
	command := exec.Command(realserver.Find(t, "groff"), "-Tutf8", "-man", "-ww", "-P-cbou", "-rLL=200n", "-")
	command.Stdin = strings.NewReader(page)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("groff: %v\n%s", err, complaints.String())
	}
	text := string(out)
	parser, err := newParser(t.Context(), Streams{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range completed(parser.Model.Node) {
		if name := strings.TrimPrefix(c.Path, "metertree "); !strings.Contains(text, name) {
			t.Errorf("no %s", c.Path)
		}
		for _, f := range c.Flags {
			if name := strings.TrimPrefix(f.Name, "no-"); !strings.Contains(text, name) && name != "help" && name != "version" {
				t.Errorf("no flag %s of %s", f.Name, c.Path)
			}
		}
	}
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "SIGNALS", "ENVIRONMENT", "'http://127.0.0.1:2122/api/v1/query?query=up'"} {
		if !strings.Contains(text, section) {
			t.Errorf("no %s", section)
		}
	}
}

// A formatter of another kind has nothing to warn of either, in the page of a release.
func TestManualPageIsLinted(t *testing.T) {
	parser, err := newParser(t.Context(), Streams{})
	if err != nil {
		t.Fatal(err)
	}
	page := manPage{build: build{Version: "v1.2.3-rc1", Date: "2026-03-01T12:00:00Z"}}
	page.write(parser.Model.Node)
	command := exec.Command(realserver.Find(t, "mandoc"), "-Tlint", "-Wwarning")
	command.Stdin = &page.out
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

func TestEscapeRoff(t *testing.T) {
	for text, want := range map[string]string{
		`a\b -c`: `a\eb \-c`,
		".b":     `\&.b`,
		"'b":     `\&'b`,
		"a\n.b":  "a\n\\&.b",
	} {
		if got := escapeRoff(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestVersionTellsHowItWasBuilt(t *testing.T) {
	_, out, _ := run(t, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(out), &b); err != nil || b.Version != Version() || !strings.HasPrefix(b.Go, "go") || !strings.Contains(b.Platform, "/") {
		t.Errorf("%v\n%s", err, out)
	}
	_, out, _ = run(t, "version")
	for _, want := range []string{"commit", "date", "platform", b.Go, b.Platform} {
		if !strings.Contains(out, want) {
			t.Errorf("%s\nlacks %s", out, want)
		}
	}
	var shown strings.Builder
	if err := (build{Version: "v1", Commit: "abc", Date: "2026-03-01T12:00:00Z", Modified: true}).print(&shown); err != nil || !strings.Contains(shown.String(), "abc, with changes") {
		t.Errorf("%v\n%s", err, shown.String())
	}
}
