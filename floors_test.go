package metertree_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages of the library from the ground up, by their path
// within the module. A package may import those on floors below its own, not its
// neighbours, and nothing above; only the packages of the examples may import
// one another. "x/..." means every package below x.
var floors = [][]string{
	{"internal/lossless", "internal/saturate"},
	{"internal/cell", "internal/answer", "metric"},
	{"aggregate"},
	{"policy"},
	{"policy/..."},
	{"registry"},
	{"admission"},
	{"meter"},
	{"integrate"},
	{"export"},
	{"export/..."},
	{"control"},
	{"collect"},
	{"collect/internal/..."},
	{"collect/..."},
	{"buffer"},
	{"tree/explain"},
	{"tree"},
	{"tree/..."},
	{"observer", "stats", "metertest"},
	{"web"},
	{"."},
	{examples, "docs/cmd/reference"},
}

const examples = "examples/..."

// testHelpers are packages that only tests may import.
var testHelpers = []string{"internal/realserver", "export/exporttest", "collect/internal/collecttest", "tree/treetest"}

// onlyFor lists what few may import, although many stand above it.
var onlyFor = map[string][]string{
	"internal/cell": {"registry", "aggregate"},
}

// never lists what a package may not import although it stands below it, or is
// of the standard library.
var never = []struct{ importer, imported, why string }{
	{"export", "meter", "an exporter formats points and makes no instruments"},
	{"export/...", "meter", "an exporter formats points and makes no instruments"},
	{"collect", "export", "a collector does not know how its values are exposed"},
	{"collect/...", "export", "a collector does not know how its values are exposed"},
	{"collect/...", "export/...", "a collector does not know how its values are exposed"},
	{"collect", "net/http", "a collector does not serve"},
	{"collect/...", "net/http", "a collector does not serve"},
	{"export/...", "stats", "a query never runs for a scrape"},
	{"export/...", "observer", "a page for people never makes a metric"},
}

// except are the importers to which never does not apply.
var except = map[string]string{
	"collect/httpmetrics": "net/http",
}

const module = "github.com/metertree/metertree"

// otherModules are the repository's other modules, which have requirements.
var otherModules = []string{module + "/server", module + "/integrations", module + "/benchmarks", module + "/tools"}

func TestFloors(t *testing.T) {
	for _, fault := range faults(readImports(t, ".")) {
		t.Error(fault)
	}
}

// imports holds what a package's files import: those of the program, nil if it
// has none, and those of its tests.
type imports struct{ program, tests map[string]bool }

// readImports reads every Go file of the module below the directory, for
// whichever system it is meant.
func readImports(t *testing.T, root string) map[string]imports {
	t.Helper()
	packages := map[string]imports{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if file != root && outside(file, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		case filepath.Ext(file) != ".go":
			return nil
		}
		return readFile(packages, file)
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// outside reports whether a directory is no part of the module.
func outside(directory, name string) bool {
	if name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(directory, "go.mod"))
	return err == nil
}

func readFile(packages map[string]imports, file string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	directory := filepath.ToSlash(filepath.Dir(file))
	p := packages[directory]
	into := &p.program
	if strings.HasSuffix(file, "_test.go") {
		into = &p.tests
	}
	if *into == nil {
		*into = map[string]bool{}
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		(*into)[imported] = true
	}
	packages[directory] = p
	return nil
}

// faults tells, in order, what the packages break.
func faults(packages map[string]imports) (all []string) {
	fault := func(format string, a ...any) { all = append(all, fmt.Sprintf(format, a...)) }
	for _, from := range slices.Sorted(maps.Keys(packages)) {
		p := packages[from]
		if p.program != nil && floorOf(from) < 0 && !slices.Contains(testHelpers, from) {
			fault("package %s stands on no floor: place it in floors", from)
		}
		for _, imported := range slices.Sorted(maps.Keys(p.program)) {
			if why := forbidden(from, imported); why != "" {
				fault("%s imports %s: %s", from, imported, why)
			}
		}
		for _, imported := range slices.Sorted(maps.Keys(p.tests)) {
			if thirdParty(imported) {
				fault("a test of %s imports %s: the module has no third-party requirements", from, imported)
			}
		}
	}
	return all
}

// forbidden tells why one package may not import another, or nothing.
func forbidden(from, imported string) (why string) {
	if thirdParty(imported) {
		return "the module has no third-party requirements"
	}
	to, own := within(imported)
	if !own {
		to = imported
	}
	for _, rule := range never {
		if matches(rule.importer, from) && matches(rule.imported, to) && except[from] != to {
			return rule.why
		}
	}
	if !own || slices.Contains(testHelpers, from) || matches(examples, from) && matches(examples, to) {
		return ""
	}
	if slices.Contains(testHelpers, to) {
		return "only tests may"
	}
	if few, limited := onlyFor[to]; limited && !slices.Contains(few, from) {
		return "only " + strings.Join(few, " and ") + " may"
	}
	if floorOf(to) >= floorOf(from) {
		return fmt.Sprintf("floor %d may not look up to floor %d", floorOf(from), floorOf(to))
	}
	return ""
}

// within returns a package's path in the module.
func within(imported string) (path string, own bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// thirdParty reports whether a package is neither the standard library's nor the
// module's. "C" is the standard library's.
func thirdParty(imported string) bool {
	if _, own := within(imported); own {
		return slices.ContainsFunc(otherModules, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
	}
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func floorOf(p string) int {
	return slices.IndexFunc(floors, func(floor []string) bool {
		return slices.ContainsFunc(floor, func(pattern string) bool { return matches(pattern, p) })
	})
}

// matches reports whether a path is the pattern or, for "x/...", below x.
func matches(pattern, p string) bool {
	above, wide := strings.CutSuffix(pattern, "/...")
	if !wide {
		return pattern == p
	}
	for p != "." && p != "/" {
		if p = path.Dir(p); p == above {
			return true
		}
	}
	return false
}

// A rule that can never strike is no rule: each kind of fault is seen.
func TestFloorsFindFaults(t *testing.T) {
	own := func(p string) string { return module + "/" + p }
	for _, tt := range []struct {
		from, imported, want string
		test                 bool
	}{
		{"metric", own("registry"), "may not look up", false},
		{"registry", own("meter"), "may not look up", false},
		{"observer", own("stats"), "may not look up", false},
		{"tree", module, "may not look up", false},
		{"export/prometheus", own("export/otlp"), "may not look up", false},
		{"export/prometheus", own("meter"), "makes no instruments", false},
		{"meter", own("internal/cell"), "only registry and aggregate", false},
		{"collect/goruntime", own("export/prometheus"), "exposed", false},
		{"collect/goruntime", own("export"), "exposed", false},
		{"collect/process", "net/http", "does not serve", false},
		{"web", own("internal/realserver"), "only tests", false},
		{"meter", "github.com/else/where", "third-party", false},
		{"meter", own("server/internal/x"), "third-party", false},
		{"meter", "golang.org/x/sys", "third-party", true},
		{"misc", "fmt", "no floor", false},
		{"internal/misc", "fmt", "no floor", false},

		{"registry", own("internal/cell"), "", false},
		{"export/prometheus", own("export"), "", false},
		{"collect/httpmetrics", "net/http", "", false},
		{"examples/contextd", module, "", false},
		{"examples/contextd/demo", own("examples/contextd"), "", false},
		{"docs", "fmt", "", true},
		{".", own("web"), "", false},
		{".", own("examples/contextd"), "may not look up", false},
		{"export/prometheus", own("meter"), "", true},
	} {
		p := imports{program: map[string]bool{tt.imported: true}}
		if tt.test {
			p.program, p.tests = p.tests, p.program
		}
		got := strings.Join(faults(map[string]imports{tt.from: p}), "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s imports %s: got %q, want %q", tt.from, tt.imported, got, tt.want)
		}
	}
}
