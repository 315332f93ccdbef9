package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scratch is a repository of a module with one package.
type scratch struct {
	t   *testing.T
	dir string
}

func newScratch(t *testing.T) *scratch {
	t.Helper()
	t.Setenv("GOWORK", "off")
	// Nothing of this machine's configuration takes part.
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	s := &scratch{t, t.TempDir()}
	s.write("go.mod", "module example.org/lib\n\ngo 1.25\n")
	s.git("init", "--quiet")
	return s
}

func (s *scratch) write(file, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scratch) git(arguments ...string) {
	s.t.Helper()
	as := []string{"-C", s.dir, "-c", "user.name=Test", "-c", "user.email=test@example.org"}
	if out, err := exec.Command("git", append(as, arguments...)...).CombinedOutput(); err != nil {
		s.t.Fatalf("git %v: %v\n%s", arguments, err, out)
	}
}

// code replaces the package's declarations and brings its surface up to date,
// whatever that breaks.
func (s *scratch) code(declarations string) {
	s.t.Helper()
	s.write("shop/shop.go", "package shop\n\n"+declarations)
	r, err := openRepository(s.dir, &strings.Builder{})
	if err != nil {
		s.t.Fatal(err)
	}
	parts, err := r.parts([]string{"."})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := r.write(parts); err != nil {
		s.t.Fatal(err)
	}
}

// release commits and tags what there is.
func (s *scratch) release(tag string) {
	s.t.Helper()
	s.git("add", "--all")
	s.git("commit", "--quiet", "--allow-empty", "--message", tag)
	s.git("tag", tag)
}

// check returns what is printed and the error as text, empty if there is none.
func (s *scratch) check() (out, fault string) {
	s.t.Helper()
	var b strings.Builder
	r, err := openRepository(s.dir, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	parts, err := r.parts([]string{"."})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, err := range []error{r.current(parts), r.compatible(parts)} {
		if err != nil {
			fault += err.Error() + "\n"
		}
	}
	return b.String(), fault
}

// says fails the test unless a text has all the parts.
func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q does not say %q", what, text, part)
		}
	}
}
