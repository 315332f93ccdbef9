package metric

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestEncodeLabels(t *testing.T) {
	for _, test := range []struct {
		keys, values []string
		want         string
	}{
		{nil, nil, ``},
		{[]string{"a"}, []string{""}, `a=""`},
		{[]string{"a", "b"}, []string{"x", "y"}, `a="x",b="y"`},
		{[]string{"a", "b"}, []string{`q"uote`, "back\\slash\nline"}, `a="q\"uote",b="back\\slash\nline"`},
		{[]string{"a"}, []string{"é\xff\x00"}, "a=\"é\xff\x00\""},
	} {
		set := EncodeLabels(test.keys, test.values)
		if set.String() != test.want {
			t.Errorf("EncodeLabels(%q, %q) = %s, want %s", test.keys, test.values, set, test.want)
		}
		if got := set.Values(nil, test.keys); !slices.Equal(got, test.values) {
			t.Errorf("Values of %s = %q, want %q", set, got, test.values)
		}
	}
}

func TestLabelSetAll(t *testing.T) {
	keys := []string{"a", "b"}
	got := maps.Collect(EncodeLabels(keys, []string{"x", `"`}).All(keys))
	if want := map[string]string{"a": "x", "b": `"`}; !maps.Equal(got, want) {
		t.Errorf("All = %v, want %v", got, want)
	}
	for range EncodeLabels(keys, []string{"x", "y"}).All(keys) {
		break
	}
}

// FuzzLabelSet checks that encoding is reversible and that comparing values
// with an encoded set is comparing them with the values.
func FuzzLabelSet(f *testing.F) {
	f.Add("", "", "", "")
	f.Add("a", `b"`, "a", `b"`)
	f.Add(`a",b="`, "c", "a", `",b="c`)
	f.Add("a\n", `\`, `a\n`, `\\`)
	f.Fuzz(func(t *testing.T, a, b, x, y string) {
		keys := []string{"k", "long_key"}
		set := EncodeLabels(keys, []string{a, b})
		if got := set.Values(nil, keys); got[0] != a || got[1] != b {
			t.Fatalf("%q, %q came back as %q", a, b, got)
		}
		if strings.Contains(set.String(), "\n") {
			t.Fatalf("%q holds a line feed", set)
		}
		if set.Escaped() != strings.ContainsAny(a+b, "\\\"\n") {
			t.Errorf("Escaped() of %s = %t", set, set.Escaped())
		}
		rest, equal := CutValue(set.String()[len(`k="`):], x)
		if equal != (a == x) {
			t.Fatalf("CutValue says that %q and %q are equal: %t", a, x, equal)
		}
		if !equal {
			return
		}
		if _, equal = CutValue(rest[len(`,long_key="`):], y); equal != (b == y) {
			t.Fatalf("CutValue says that %q and %q are equal: %t", b, y, equal)
		}
	})
}
