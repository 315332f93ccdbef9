package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test\\w+)`")
	namedScript = regexp.MustCompile("`(scripts/[\\w-]+\\.sh)")
)

// TestWhatHoldsThePromiseExists: what compatibility.md says is enforced is enforced by
// something that is there.
func TestWhatHoldsThePromiseExists(t *testing.T) {
	page := read(t, "compatibility.md")
	tests, scripts := namedTest.FindAllStringSubmatch(page, -1), namedScript.FindAllStringSubmatch(page, -1)
	if len(tests) < 3 || len(scripts) < 3 {
		t.Fatalf("the page names the tests %v and the scripts %v", tests, scripts)
	}
	defined := testNames(t)
	for _, named := range tests {
		if !defined[named[1]] {
			t.Errorf("compatibility.md: there is no test %s", named[1])
		}
	}
	called := read(t, filepath.Join(root, "Makefile")) + read(t, filepath.Join(root, "scripts/lint.sh"))
	for _, named := range scripts {
		if _, err := os.Stat(filepath.Join(root, named[1])); err != nil {
			t.Errorf("compatibility.md: %v", err)
		}
		if !strings.Contains(called, named[1]) {
			t.Errorf("compatibility.md: neither make nor lint runs %s", named[1])
		}
	}
}

// testNames are those of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	definition := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		for _, match := range definition.FindAllStringSubmatch(read(t, file), -1) {
			names[match[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
