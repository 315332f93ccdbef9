package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestParseSelection(t *testing.T) {
	for text, want := range map[string]string{
		"up":                                      "up",
		" up ":                                    "up",
		"up{}":                                    "up",
		`calls_total{status="error"}`:             `calls_total{status="error"}`,
		`calls_total { status = "error" , }`:      `calls_total{status="error"}`,
		`c{b="2",a="1"}`:                          `c{a="1",b="2"}`,
		`c{code=~"503|500|500"}`:                  `c{code=~"500|503"}`,
		`c{code=~"500"}`:                          `c{code="500"}`,
		`c{code=~"a\\.b|c"}`:                      `c{code=~"a\\.b|c"}`,
		`c{code=~"|a"}`:                           `c{code=~"|a"}`,
		`c{code=""}`:                              `c{code=""}`,
		`c{a='x"y',b=` + "`z\\`" + `}`:            `c{a="x\"y",b="z\\"}`,
		`c{a='it\'s é'}`:                          `c{a="it's é"}`,
		`{"my.metric"}`:                           `my.metric`,
		`{"my.metric","my.label"="v",x="1"}`:      `my.metric{my.label="v",x="1"}`,
		`my.metric{"my.label"="v"}`:               `my.metric{my.label="v"}`,
		`c{path="{a,b}=\"}"}`:                     `c{path="{a,b}=\"}"}`,
		`größe_total{stadt="München"}`:            `größe_total{stadt="München"}`,
		"node:cpu:rate5m":                         "node:cpu:rate5m",
		`c{a="` + strings.Repeat("x", 1e5) + `"}`: `c{a="` + strings.Repeat("x", 1e5) + `"}`,
	} {
		got, err := parseSelection(text)
		if err != nil || got.String() != want {
			t.Errorf("%.100s: %.100s, %v; want %.100s", text, got, err, want)
		}
	}
}

func TestParseSelectionErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                      "no name of a metric",
		"{}":                    "no name of a metric",
		`{a="b"}`:               "no name of a metric",
		"c{":                    `a , or } is missing|the name of a label is missing`,
		`c{a}`:                  `a = is missing after the label "a"`,
		`c{a=b}`:                "a text in quotes is missing",
		`c{a="b}`:               "a text in quotes is missing",
		`c{a='b}`:               "a text in quotes is missing",
		`c{a="b"`:               "a , or } is missing",
		`c{a="b" c="d"}`:        "a , or } is missing",
		`c{a="b"} or vector(1)`: "follows it",
		`c{a="b"}[5m]`:          "follows it",
		`c{a!="b"}`:             `"a" is negated`,
		`c{a!~"b"}`:             `"a" is negated`,
		`c{a=~"5.."}`:           `"5.." is more than values with | in between`,
		`c{a=~"(a|b)"}`:         "is more than values",
		`c{a=~"a\\d"}`:          "is more than values",
		`c{a="1",a="2"}`:        "is given twice",
		"c{a=\"\xff\"}":         "not valid UTF-8",
		`c{a="\xff"}`:           "not valid UTF-8",
		"\x82":                  "not valid UTF-8",
		`c{""="v"}`:             "the name of a label is missing",
		`c{="v"}`:               "the name of a label is missing",
	} {
		got, err := parseSelection(text)
		if err == nil {
			t.Errorf("%s: %v, want an error", text, got)
			continue
		}
		if !slices.ContainsFunc(strings.Split(says, "|"), func(s string) bool { return strings.Contains(err.Error(), s) }) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestParseSelectorTakesOneValueOfEachLabel(t *testing.T) {
	if s, err := parseSelector(`c{b="2",a=""}`); err != nil || s.String() != `c{a="",b="2"}` {
		t.Errorf("%v, %v", s, err)
	}
	_, err := parseSelector(`c{a=~"1|2"}`)
	wantError(t, err, `"a" is given 2 values`, "--by")
}

// FuzzParseSelection checks that what is read means what it is written as.
func FuzzParseSelection(f *testing.F) {
	for _, seed := range []string{"up", `c{a="1",b=~"x|y"}`, `{"m","l"='v'}`, `c{a="\x00"}`, `c{{`, `c{a=~"\\||"}`, "{'", "c{`"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSelection(text)
		if err != nil {
			return
		}
		quoted := `{` + quote(s.Metric)
		for _, m := range s.Matchers {
			var literals []string
			for _, v := range m.Values {
				literals = append(literals, escapeMeta(v))
			}
			quoted += "," + quote(m.Label) + "=~" + quote(strings.Join(literals, "|"))
		}
		again, err := parseSelection(quoted + "}")
		if err != nil || again.String() != s.String() || again.Metric != s.Metric {
			t.Errorf("%q is %s, and written again %s: %v", text, s, again, err)
		}
	})
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

func escapeMeta(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
