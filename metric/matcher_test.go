package metric

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatchersAsText(t *testing.T) {
	for _, test := range []struct {
		matchers Matchers
		want     string
	}{
		{nil, ``},
		{Matchers{}.With("status", "error"), `status="error"`},
		{Matchers{}.With("status", ""), `status=""`},
		{Matchers{}.With("status", "b", "a", "b"), `status=~"a|b"`},
		{Matchers{}.With("status", "x", ""), `status=~"|x"`},
		{Matchers{}.With("z", "1").With("a", `q"\`, "l\n"), `a=~"l\n|q\"\\\\",z="1"`},
		{Matchers{}.With("route", "/a.b|c"), `route="/a.b|c"`},
		{Matchers{}.With("route", "/a.b|c", "/"), `route=~"/|/a\\.b\\|c"`},
	} {
		if got := test.matchers.String(); got != test.want {
			t.Errorf("%q is written %s, want %s", test.matchers, got, test.want)
		}
		parsed, err := ParseMatchers(test.want)
		if err != nil || !parsed.equal(test.matchers) {
			t.Errorf("%s is read as %q, %v", test.want, parsed, err)
		}
	}
}

func TestParseMatchersRefuses(t *testing.T) {
	for _, s := range []string{
		`status`, `status=`, `status="`, `status="a",`, `,status="a"`, `="a"`, `a="b"c="d"`, `a="b" ,c="d"`,
		`status!="ok"`, `status=~"a"`, `status=~"a.*|b"`, `status=~"b|a"`, `status=~"a|a"`, `status="\x"`,
		`z="1",a="2"`, `a="1",a="2"`, `__a="1"`, "a=\"\xff\"", `a=~"x|y\\"`, "a=\"\n\"",
	} {
		if m, err := ParseMatchers(s); err == nil {
			t.Errorf("%s is read as %q", s, m)
		}
	}
}

func TestMatchersWithWritesNothingOfOthers(t *testing.T) {
	values := []string{"b", "a"}
	base := Matchers{}.With("m", "1")
	one, two := base.With("a", values...), base.With("z", values...)
	if values[0] != "b" || base.String() != `m="1"` {
		t.Errorf("With has written its receiver %s or its values %q", base, values)
	}
	if one.String() != `a=~"a|b",m="1"` || two.String() != `m="1",z=~"a|b"` {
		t.Errorf("got %s and %s", one, two)
	}
	if base.With("m", "2").Validate() == nil {
		t.Error("a label that is selected by twice was accepted")
	}
}

// FuzzMatchers checks that what is written is read as it was, and that PromQL,
// whose regular expressions are those of Go, anchored, would select alike.
func FuzzMatchers(f *testing.F) {
	f.Add("error", "ok", "x")
	f.Add("", `a|b`, `a`)
	f.Add(`\`, "\n", `"`)
	f.Add("(a)*", ".*", "é\x00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		m := Matchers{}.With("status", a, b).With("route", c)
		parsed, err := ParseMatchers(m.String())
		if invalid := m.Validate(); invalid != nil {
			if err == nil {
				t.Fatalf("%q is invalid (%v) and read all the same", m, invalid)
			}
			return
		}
		if err != nil || !parsed.equal(m) {
			t.Fatalf("%s is read as %q, %v", m, parsed, err)
		}
		if strings.Contains(m.String(), "\n") {
			t.Errorf("%q holds a line feed", m)
		}
		status, _ := m.On("status")
		quoted := make([]string, len(status.Values))
		for i, v := range status.Values {
			quoted[i] = regexp.QuoteMeta(v)
		}
		expression := regexp.MustCompile("^(?s:" + strings.Join(quoted, "|") + ")$")
		for _, v := range []string{a, b, c, a + b, ""} {
			if status.Matches(v) != expression.MatchString(v) {
				t.Errorf("%s selects %q: %t", m, v, status.Matches(v))
			}
		}
	})
}

// FuzzParseMatchers checks that no text has two readings, and none breaks it.
func FuzzParseMatchers(f *testing.F) {
	f.Add(`a="b",c=~"d|e"`)
	f.Add(`a=~"\\`)
	f.Add(`a="\`)
	f.Add(`=~""`)
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMatchers(s)
		if err == nil && m.String() != s {
			t.Errorf("%q is read as what is written %q", s, m)
		}
		if err == nil && m.Validate() != nil {
			t.Errorf("%q is read as invalid matchers", s)
		}
	})
}
