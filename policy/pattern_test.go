package policy

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		pattern     Pattern
		name        string
		match, fine bool
	}{
		{"calls_total", "calls_total", true, true},
		{"calls_total", "calls_total2", false, true},
		{"calls_*", "calls_total", true, true},
		{"calls_*", "calls_", true, true},
		{"calls_*", "all_calls_total", false, true},
		{"*", "anything", true, true},
		{"", "calls", false, false},
		{"a*b", "aXb", false, false},
		{"a**", "a*", true, false},
		{"a b", "a b", true, false},
	} {
		if got := test.pattern.Match(test.name); got != test.match {
			t.Errorf("pattern %q matches %q: %v", test.pattern, test.name, got)
		}
		if err := test.pattern.Validate(); (err == nil) != test.fine {
			t.Errorf("pattern %q: %v", test.pattern, err)
		}
	}
	if list := (Patterns{"a", "b*"}); !list.Match("bc") || list.Match("c") || list.Validate() != nil {
		t.Error("a list of patterns does not match what one of them does")
	}
	if err := (Patterns{"a", "b c"}).Validate(); err == nil {
		t.Error("a list with an invalid pattern is valid")
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"a*", "abc"}, {"*", ""}, {"a", "a"}, {"a**", "a*"}, {"\xff*", "\xff"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p := Pattern(pattern)
		want := pattern == name
		if prefix, wide := strings.CutSuffix(pattern, "*"); wide {
			want = strings.Index(name, prefix) == 0
		}
		if p.Match(name) != want {
			t.Errorf("%q matches %q: %v", pattern, name, !want)
		}
		if p.Validate() == nil && metric.ValidateName(name) == nil && strings.HasSuffix(pattern, "*") {
			if !p.Match(strings.TrimSuffix(pattern, "*") + name) {
				t.Errorf("%q does not match what begins with it", pattern)
			}
		}
	})
}

func TestThresholds(t *testing.T) {
	for values, want := range map[int]Level{0: Good, 9: Good, 10: Watched, 100: Watched, 101: Questioned} {
		if got := (Thresholds{}).Level(values); got != want {
			t.Errorf("%d values are %v, want %v", values, got, want)
		}
	}
	if got := (Thresholds{Good: 2, Questioned: 3}).Level(4); got != Questioned {
		t.Errorf("4 values are %v", got)
	}
	if (Thresholds{Good: 5, Questioned: 4}).Validate() == nil || (Thresholds{}).Validate() != nil {
		t.Error("thresholds are valid that should not be, or the other way round")
	}
	for _, level := range []Level{Good, Watched, Questioned} {
		text, _ := level.MarshalText()
		var back Level
		if err := back.UnmarshalText(text); err != nil || back != level {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
	if err := new(Level).UnmarshalText([]byte("bad")); err == nil || Level(9).String() != "level(9)" {
		t.Errorf("an unknown level: %v", err)
	}
}
