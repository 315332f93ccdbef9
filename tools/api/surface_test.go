package main

import (
	"slices"
	"strings"
	"testing"
)

// TestSurface has one of everything that a package can export.
func TestSurface(t *testing.T) {
	s := newScratch(t)
	s.write("lib.go", "package lib\n\nimport \"example.org/lib/shop\"\n\nvar Main shop.Shop\n")
	s.write("internal/x/x.go", "package x\n\nfunc Hidden() {}\n")
	s.write("cmd/run/main.go", "package main\n\nfunc Exported() {}\n\nfunc main() {}\n")
	s.write("examples/y/y.go", "package y\n\nfunc Shown() {}\n")
	s.write("only/only_test.go", "package only\n")
	s.write("shop/shop.go", `package shop

import "time"

const Limit time.Duration = 1e9

type Level uint8

func (l Level) String() string { return "" }

type base struct{ Name string }

func (b *base) Rename(to string) {}

type Shop struct {
	base
	Open func(at time.Time) bool `+"`json:\"open\"`"+`
	hidden []int
	*Level
}

func (s *Shop) Order(items ...string) (err error) { return nil }

type Handle struct{ n int }

func (h Handle) Add(n int) {}

type Sealed interface {
	Use()
	sealed()
}

type Source interface {
	Read(into []byte) (n int, err error)
	Close() error
}

type Number interface{ ~int | ~float64 }

type Set[K comparable, V Number] struct{ M map[K]V }

func (s *Set[K, V]) Put(k K, v V) {}

func Map[K comparable](each func(k K) error) chan<- [2]K { return nil }

type Same = Handle

var hidden int

func unexported() {}
`)
	got, err := surface(s.dir, "example.org/lib", target)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(strings.ReplaceAll(strings.TrimSpace(`
lib package lib
lib.Main var shop.Shop
shop package shop
shop.Handle comparable
shop.Handle type struct
shop.Handle.Add method (int)
shop.Level type uint8
shop.Level.String method () string
shop.Limit const time.Duration = 1000000000
shop.Map func [K comparable] (func(K) error) chan<- [2]K
shop.Number type interface{~int | ~float64}
shop.Same alias Handle
shop.Sealed type interface, sealed
shop.Sealed.Use method ()
shop.Set type [K comparable, V Number] struct
shop.Set.M field map[K]V
shop.Set.Put method* (K, V)
shop.Shop type struct
shop.Shop.Level embeds *Level
shop.Shop.Name field string
shop.Shop.Open field func(time.Time) bool `+"`json:\"open\"`"+`
shop.Shop.Order method* (...string) error
shop.Shop.Rename method* (string)
shop.Shop.String method () string
shop.Source type interface{Close() error; Read([]byte) (int, error)}
`), " ", "\x00"))
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "\x00", " ")
	}
	if !slices.Equal(got, want) {
		t.Errorf("differs (- want, + got):\n%s", strings.Join(differences(want, got), "\n"))
	}
}

// TestBreaksOfTypes: which changes of a type break those who use it.
func TestBreaksOfTypes(t *testing.T) {
	for name, tt := range map[string]struct{ before, after, breaks string }{
		"not comparable any more":        {"type T struct{}", "type T struct{ f []int }", "shop.T"},
		"through pointers":               {"type T struct{}\nfunc (*T) M() {}", "type T struct{ f []int }\nfunc (*T) M() {}", ""},
		"a method of an interface":       {"type T interface{ M() }", "type T interface{ M(); N() }", "shop.T"},
		"of a sealed one":                {"type T interface{ M(); x() }", "type T interface{ M(); N(); x() }", ""},
		"a field":                        {"type T struct{ A int }", "type T struct{ A, B int }", ""},
		"the type of a field":            {"type T struct{ A int }", "type T struct{ A uint }", "shop.T.A"},
		"the value of a constant":        {"const T = 1", "const T = 2", "shop.T"},
		"a pointer for a method":         {"type T int\nfunc (T) M() {}", "type T int\nfunc (*T) M() {}", "shop.T.M"},
		"the name of an embedded struct": {"type t struct{ A int }\ntype T struct{ t }", "type u struct{ A int }\ntype T struct{ u }", ""},
	} {
		s := newScratch(t)
		var surfaces [2][]string
		for i, code := range []string{tt.before, tt.after} {
			s.write("shop/shop.go", "package shop\n\n"+code)
			lines, err := surface(s.dir, "example.org/lib", target)
			if err != nil {
				t.Fatal(err)
			}
			surfaces[i] = lines
		}
		found := breaks(surfaces[0], surfaces[1])
		if tt.breaks == "" && len(found) > 0 || tt.breaks != "" && found[tt.breaks] == "" {
			t.Errorf("%s breaks %v, want %q", name, found, tt.breaks)
		}
	}
}

func TestCodeThatDoesNotCompile(t *testing.T) {
	s := newScratch(t)
	s.write("shop/shop.go", "package shop\n\nfunc f() { return 1 }\n")
	if _, err := surface(s.dir, "example.org/lib", target); err == nil || !strings.Contains(err.Error(), "shop.go:3") {
		t.Errorf("error %v, want what the compiler says", err)
	}
	s.write("shop/shop.go", "package main\n")
	if _, err := surface(s.dir, "example.org/lib", target); err == nil {
		t.Error("a module without a public package has an API")
	}
}
