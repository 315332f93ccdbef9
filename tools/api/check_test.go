package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	order = "// Order orders.\nfunc Order(country string) error { return nil }\n"
	price = "// Price is a price.\nfunc Price(item string) float64 { return 0 }\n"
)

const noRelease = "no tag of a release is in this clone: the API is compared with api/ alone\n"

func TestWithoutARelease(t *testing.T) {
	s := newScratch(t)
	s.code(order + price)
	if out, fault := s.check(); out != noRelease || fault != "" {
		t.Errorf("printed %q, failed with %q, want one line and no failure", out, fault)
	}
	// A tag of another module or of a candidate is no release.
	s.release("integrations/v0.1.0")
	s.git("tag", "v0.1.0-rc.1")
	s.code(order)
	if out, fault := s.check(); out != noRelease || fault != "" {
		t.Errorf("printed %q, failed with %q", out, fault)
	}
}

func TestWhatIsCommittedIsTheCode(t *testing.T) {
	s := newScratch(t)
	s.code(order)
	s.write("shop/shop.go", "package shop\n\n"+price)
	out, fault := s.check()
	says(t, "failure", fault, "api/lib.txt", "make api")
	says(t, "printed", out, "- shop.Order func (string) error", "+ shop.Price func (string) float64")
	if err := os.Remove(filepath.Join(s.dir, "api/lib.txt")); err != nil {
		t.Fatal(err)
	}
	_, fault = s.check()
	says(t, "without a file", fault, "api/lib.txt")
}

func TestARelease(t *testing.T) {
	s := newScratch(t)
	s.code(order)
	s.release("v0.1.0")
	s.code(order + price)
	if out, fault := s.check(); out != "" || fault != "" {
		t.Errorf("an addition prints %q and fails with %q", out, fault)
	}
	s.code(price)
	_, fault := s.check()
	says(t, "removed", fault, "not compatible with v0.1.0", `shop.Order: is gone, was "shop.Order func (string) error"`, acceptedFile)
	s.code(strings.Replace(order, "country string", "country string, urgent bool", 1))
	_, fault = s.check()
	says(t, "changed", fault, `was "shop.Order func (string) error", is "shop.Order func (string, bool) error"`)
	// The name of a parameter is nobody's.
	s.code(strings.Replace(order, "country", "land", 1))
	if _, fault = s.check(); fault != "" {
		t.Errorf("another name of a parameter fails with %q", fault)
	}
}

func TestABreakIsAccepted(t *testing.T) {
	s := newScratch(t)
	s.code(order)
	s.release("v0.1.0")
	s.code(price)
	s.write(acceptedFile, "# Breaks\n\nv0.1.0 shop.Order: it ordered too much\n")
	out, fault := s.check()
	if says(t, "printed", out, "accepted since v0.1.0", "it ordered too much"); fault != "" {
		t.Errorf("an accepted break fails with %q", fault)
	}
	// With the next release the line is history.
	s.release("v0.2.0")
	if out, fault := s.check(); out != "" || fault != "" {
		t.Errorf("after the release: printed %q, failed with %q", out, fault)
	}
	s.write(acceptedFile, "v0.2.0 shop.Price: not so\n")
	_, fault = s.check()
	says(t, "what is no break", fault, "shop.Price is accepted as a break since v0.2.0, and is none: delete the line")
	for _, line := range []string{"v0.2.0 shop.Price", "shop.Price: reason", "v0.2.0 shop.Price:", "2 shop.Price: reason"} {
		s.write(acceptedFile, "\n"+line)
		_, fault = s.check()
		says(t, line, fault, acceptedFile+":2", "is not of the form")
	}
}

// After v1 nothing is accepted, unless the module's path has a new version.
func TestABreakAfterV1(t *testing.T) {
	s := newScratch(t)
	s.code(order)
	s.release("v1.4.0")
	s.code(price)
	s.write(acceptedFile, "v1.4.0 shop.Order: it ordered too much\n")
	_, fault := s.check()
	says(t, "after v1", fault, "shop.Order", "cannot be accepted after v1.4.0", "new major version")
	s.write("go.mod", "module example.org/lib/v2\n\ngo 1.25\n")
	s.code(price)
	if out, fault := s.check(); !strings.Contains(out, "accepted since v1.4.0") || fault != "" {
		t.Errorf("in v2: printed %q, failed with %q", out, fault)
	}
}

func TestAReleaseWithoutSurfaces(t *testing.T) {
	s := newScratch(t)
	s.release("v0.1.0")
	s.code(order)
	if out, fault := s.check(); out != "v0.1.0 has no api/lib.txt: its API is not compared\n" || fault != "" {
		t.Errorf("printed %q, failed with %q", out, fault)
	}
}

func TestMayBreak(t *testing.T) {
	for _, tt := range []struct {
		tag, root string
		want      bool
	}{
		{"v0.9.1", "example.org/lib", true},
		{"v1.0.0", "example.org/lib", false},
		{"v1.7.0", "example.org/lib/v2", true},
		{"v2.0.0", "example.org/lib/v2", false},
		{"v2.0.0", "example.org/lib/v3", true},
	} {
		if got := mayBreak(tt.tag, tt.root); got != tt.want {
			t.Errorf("mayBreak(%s, %s) = %t", tt.tag, tt.root, got)
		}
	}
}

// TestCommands: the command line's two ways, in every form of the library.
func TestCommands(t *testing.T) {
	s := newScratch(t)
	s.write("shop/shop.go", "package shop\n\n"+order)
	run := func(work func(string, []string, io.Writer) error) (string, error) {
		var b strings.Builder
		err := work(s.dir, []string{"."}, &b)
		return b.String(), err
	}
	out, err := run(rewrite)
	if says(t, "update", out, "api/lib.txt: updated, 2 lines differ"); err != nil {
		t.Error(err)
	}
	if out, err := run(rewrite); out != noRelease || err != nil {
		t.Errorf("a second update prints %q, %v", out, err)
	}
	if _, err := run(check); err != nil {
		t.Error(err)
	}
	s.write("shop/windows.go", "//go:build windows\n\npackage shop\n\nconst Registry = 1\n")
	if _, err := run(check); err == nil || !strings.Contains(err.Error(), "windows/amd64") || !strings.Contains(err.Error(), "+ shop.Registry") {
		t.Errorf("an API of one system alone: %v", err)
	}
	if err := check(t.TempDir(), []string{"."}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("somewhere else: %v", err)
	}
}
