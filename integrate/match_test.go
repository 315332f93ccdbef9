package integrate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestMatch(t *testing.T) {
	d := metric.Descriptor{Name: "storage_tsdb_flushed_bytes_total", Scope: []string{"storage", "tsdb"}, Kind: metric.Counter, Unit: "bytes"}
	for _, test := range []struct {
		match Match
		want  bool
	}{
		{Match{}, true},
		{Match{Name: d.Name}, true},
		{Match{Name: "storage_*"}, true},
		{Match{Name: "*_total"}, true},
		{Match{Name: "s*_tsdb_*_bytes*"}, true},
		{Match{Name: "tsdb*"}, false},
		{Match{Name: "*tsdb"}, false},
		{Match{Scope: "storage.tsdb"}, true},
		{Match{Scope: "storage.*"}, true},
		{Match{Scope: "storage"}, false},
		{Match{Scope: "storage*"}, true},
		{Match{Kind: metric.Counter}, true},
		{Match{Kind: metric.Gauge}, false},
		{Match{Unit: "bytes"}, true},
		{Match{Unit: "seconds"}, false},
		{Match{Name: "storage_*", Unit: "seconds"}, false},
		{Match{Name: "storage_*", Unit: "bytes", Scope: "*", Kind: metric.Counter}, true},
	} {
		if got := test.match.matches(&d); got != test.want {
			t.Errorf("%s: matches = %t, want %t", test.match, got, test.want)
		}
	}
}

func TestMatchWithin(t *testing.T) {
	for _, test := range []struct {
		narrow, wide Match
		want         bool
	}{
		{Match{Name: "a"}, Match{}, true},
		{Match{}, Match{Name: "a"}, false},
		{Match{}, Match{Name: "**"}, true},
		{Match{Name: "a_b"}, Match{Name: "a_*"}, true},
		{Match{Name: "a_*_c"}, Match{Name: "a_*"}, true},
		{Match{Name: "a_*"}, Match{Name: "a_*_c"}, false},
		{Match{Name: "a", Kind: metric.Gauge}, Match{Name: "a"}, true},
		{Match{Name: "a"}, Match{Name: "a", Kind: metric.Gauge}, false},
		{Match{Name: "a", Scope: "x.y"}, Match{Scope: "x.*"}, true},
		{Match{Name: "a", Unit: "bytes"}, Match{Unit: "seconds"}, false},
	} {
		if got := test.narrow.within(test.wide); got != test.want {
			t.Errorf("%s within %s = %t, want %t", test.narrow, test.wide, got, test.want)
		}
	}
}

// FuzzWildcard checks patterns against regular expressions.
func FuzzWildcard(f *testing.F) {
	f.Add("", "")
	f.Add("*", "")
	f.Add("a*b*c", "aXbYbZc")
	f.Add("*a*aa", "aaaa")
	f.Add("**a", "ba")
	f.Add("a.c", "abc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 50 || len(text) > 200 {
			return
		}
		// Byte by byte, as names are: regexp would take invalid text for the
		// replacement character.
		literal := func(s string) string {
			var b strings.Builder
			for i := range len(s) {
				if s[i] == '*' {
					b.WriteByte('*')
				} else {
					b.WriteRune(rune(s[i]))
				}
			}
			return b.String()
		}
		expression := strings.ReplaceAll(regexp.QuoteMeta(literal(pattern)), `\*`, `[\s\S]*`)
		want := regexp.MustCompile(`\A` + expression + `\z`).MatchString(literal(text))
		if got := wildcard(pattern, text); got != want {
			t.Errorf("wildcard(%q, %q) = %t, want %t", pattern, text, got, want)
		}
		if pattern != "" && covers(pattern, text) && !wildcard(pattern, strings.ReplaceAll(text, "*", "xyz")) {
			t.Errorf("%q covers %q, but not what that matches", pattern, text)
		}
	})
}

// FuzzViews checks that views which are accepted can be applied to whatever they
// match or are refused with an error, and that what they make is valid.
func FuzzViews(f *testing.F) {
	f.Add("http_*", "requests_total", "status", "user", "zone", uint8(0), uint8(1), 1.0, 0)
	f.Add("*", "", "", "op", "", uint8(3), uint8(4), 2.0, 0)
	f.Add("x_seconds", "", "op", "op", "", uint8(4), uint8(4), 2.0, 20)
	f.Add("*_seconds", "y", "le", "", "op", uint8(7), uint8(3), -1.0, 3)
	f.Fuzz(func(t *testing.T, name, rename, keep, drop, add string, aggregation, kind uint8, bound float64, size int) {
		view := View{Match: Match{Name: name}, Rename: rename, Aggregation: metric.Aggregation(aggregation), Size: size}
		if keep != "" {
			view.Keep = []string{keep}
		}
		if drop != "" {
			view.Drop = []string{drop}
		}
		if add != "" {
			view.Add = metric.Labels{{Name: add, Value: "x"}}
		}
		if bound != 0 {
			view.Buckets = []float64{bound}
		}
		views, err := NewViews(view)
		if err != nil {
			return
		}
		d := metric.Descriptor{Name: strings.ReplaceAll(name, "*", "a"), Kind: metric.Kind(kind), Keys: []string{"op", "user"}}
		if d.Kind == metric.Histogram {
			d.Bounds = []float64{1, 2, 4}
		}
		if d.Validate() != nil {
			return
		}
		treated, err := views.treat(&d, d.Keys, DefaultKeys)
		if err != nil || treated.hidden {
			return
		}
		if err := treated.out.Validate(); err != nil {
			t.Errorf("%+v makes %+v: %v", view, treated.out, err)
		}
		if rename == "" && treated.out.Name != d.Name {
			t.Errorf("%+v changes the name to %s", view, treated.out.Name)
		}
	})
}
