package normalise

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/metertree/metertree/policy"
)

// FuzzNormalisers holds every normaliser to what the package promises.
func FuzzNormalisers(f *testing.F) {
	for _, seed := range []string{
		"", "other", "200", "/users/42", "https://a/b?c#d", "a\nb\x00", "\xff", "é\xcc", strings.Repeat("日", 50), "/{a}/:b/*",
		"gpt-4o-2024-08-06", "x/-latest", ":://", "://", "a://b://c", "//", "/1/2/3/4/5/6/7/8/*", "\ufffd", "/{...}", "-", "/-", "/:", "a/-2024",
	} {
		f.Add(seed)
	}
	finite := map[string]map[string]bool{
		"enum":   set("hit", "miss"),
		"status": set(classes[:]...),
		"models": set("gpt-4o", "gpt-4", "gpt-4o-mini", "o1", "claude-3.5-sonnet", "embedding"),
	}
	all := map[string]Normaliser{
		"enum": Enum("hit", "miss"), "status": StatusClass(), "models": models(f),
		"length": MaxLength(16), "printable": Printable(), "route": Route(), "chain": Chain(Printable(), MaxLength(16)),
	}
	f.Fuzz(func(t *testing.T, value string) {
		for name, n := range all {
			out := n.Apply(value)
			if again := n.Apply(out); again != out {
				t.Errorf("%s is not idempotent: %q, %q, %q", name, value, out, again)
			}
			if utf8.ValidString(value) && !utf8.ValidString(out) {
				t.Errorf("%s: %q becomes %q, which is no UTF-8", name, value, out)
			}
			if outputs := finite[name]; outputs != nil && !outputs[out] && !policy.Reserved(out) {
				t.Errorf("%s: %q becomes %q, which is not promised", name, value, out)
			}
			if limit := bound(name, value); len(out) > limit {
				t.Errorf("%s: %q becomes %q, longer than %d", name, value, out, limit)
			}
		}
		if out := Printable().Apply(value); strings.ContainsAny(out, "\n\r\t\x00\x7f") || !utf8.ValidString(out) {
			t.Errorf("%q becomes %q, which is not printable", value, out)
		}
		if out := Route().Apply(value); !policy.Reserved(value) && (out[0] != '/' || strings.ContainsAny(out, "\n?#")) {
			t.Errorf("%q becomes %q, which is no template", value, out)
		}
	})
}

func set(values ...string) map[string]bool {
	m := map[string]bool{}
	for _, v := range values {
		m[v] = true
	}
	return m
}

// bound is how long an output may be.
func bound(name, value string) int {
	switch name {
	case "length", "chain":
		return 16
	case "printable":
		return len(value)
	case "route":
		return maxSegments*(maxSegment+len("/{...}")) + len("/*")
	}
	return 32
}
