package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository is a small one, by file.
var repository = map[string]string{
	"shop/shop.go": `// Package shop sells. It is watched by [github.com/metertree/metertree/till].
//
// # Discounts
//
// There are none: see [net/http.Client], [Price] and [Cheap].
package shop

// Price is in cents.
type Price int

// Cheap is a price of a few cents.
const Cheap Price = 3

// Times multiplies.
func (p Price) Times(n int) Price { return p * Price(n) }

// Open opens.
func Open() (*Shop, error) { return &Shop{}, nil }

// Shop is for concurrent use.
type Shop struct {
	// Name is shown.
	Name string
	till int
}

func (s *Shop) close() {}
`,
	"shop/shop_off.go":          "//go:build metertree_off\n\npackage shop\n\n// Off is not there.\nfunc Off() {}\n",
	"shop/shop_windows.go":      "package shop\n\n// Windows is not there.\nfunc Windows() {}\n",
	"shop/shop_test.go":         "package shop_test\n\nimport \"fmt\"\n\nfunc ExampleOpen() {\n\tfmt.Println()\n\t// Output:\n}\n",
	"till/till.go":              "// Package till holds a|b.\npackage till\n",
	"internal/inner/inner.go":   "// Package inner is private.\npackage inner\n",
	"cmd/run/main.go":           "// Command run runs.\npackage main\n\nfunc main() {}\n",
	"onlytests/only_test.go":    "package onlytests\n",
	"other/go.mod":              "module example.org/other\n",
	"other/other.go":            "// Package other is of another module.\npackage other\n",
	"integrations/go.mod":       "module github.com/metertree/metertree/integrations\n",
	"integrations/push/push.go": "// Package push pushes.\npackage push\n",
}

// enter makes the repository and goes there.
func enter(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range repository {
		save(t, name, text)
	}
}

func save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func must(t *testing.T, args ...string) (said string) {
	t.Helper()
	var out bytes.Buffer
	if err := run(args, &out); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	return out.String()
}

func TestPages(t *testing.T) {
	enter(t)
	must(t)
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"README.md", "integrations-push.md", "shop.md", "till.md"}; !slices.Equal(names, want) {
		t.Errorf("pages are %q, want %q", names, want)
	}
	if index := load(t, "README.md"); !strings.Contains(index, `| [till](till.md) | Package till holds a\|b. |`) {
		t.Errorf("the index is\n%s", index)
	}
	page := load(t, "shop.md")
	for _, want := range []string{
		"# shop\n\n```go\nimport \"github.com/metertree/metertree/shop\"\n```\n",
		"is watched by [github.com/metertree/metertree/till](till.md).",
		"\n## Discounts\n",
		"[net/http.Client](https://pkg.go.dev/net/http#Client), [Price](#price) and [Cheap](#price).",
		"### Price\n\n```go\ntype Price int\n```\n\nPrice is in cents.\n",
		"```go\nconst Cheap Price = 3\n```\n\nCheap is a price of a few cents.\n",
		"```go\nfunc (p Price) Times(n int) Price\n```\n\nTimes multiplies.\n",
		"#### Open\n\n```go\nfunc Open() (*Shop, error)\n```\n\nOpen opens.\n\nExample: [shop_test.go](../../shop/shop_test.go).\n",
		"\t// Name is shown.\n\tName string\n\t// contains filtered or unexported fields\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks\n%s\nit is\n%s", want, page)
		}
	}
	for _, unwanted := range []string{"Windows", "Off", "close", "till int", "return"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("the page has %q:\n%s", unwanted, page)
		}
	}
}

func TestCheck(t *testing.T) {
	enter(t)
	if must(t) == "" || must(t) != "" {
		t.Error("the second run, and not the first, has nothing to do")
	}
	must(t, "-check")

	save(t, "till/till.go", "// Package till holds more.\npackage till\n")
	before := load(t, "till.md")
	var out bytes.Buffer
	if err := run([]string{"-check"}, &out); err == nil || !strings.Contains(err.Error(), "make docs") {
		t.Errorf("after a change: %v", err)
	}
	if said := out.String(); !strings.Contains(said, directory+"/till.md") || strings.Contains(said, "shop.md") || load(t, "till.md") != before {
		t.Errorf("it says %q", said)
	}
	must(t)
	if !strings.Contains(load(t, "till.md"), "holds more") {
		t.Error("the page is as before")
	}

	if err := os.RemoveAll("till"); err != nil {
		t.Fatal(err)
	}
	must(t)
	if _, err := os.Stat(filepath.Join(directory, "till.md")); !os.IsNotExist(err) {
		t.Errorf("the page of a package that is gone: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	enter(t)
	if err := run([]string{"-unknown"}, &bytes.Buffer{}); err == nil {
		t.Error("an unknown flag is taken")
	}
	save(t, "till/broken.go", "package till\n\nfunc {")
	if err := run(nil, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "broken.go") {
		t.Errorf("of a file that is no Go: %v", err)
	}
}
