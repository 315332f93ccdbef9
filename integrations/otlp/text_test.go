package otlp

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
)

func TestValidUTF8(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"plain":        "plain",
		"caf\u00e9":    "café",
		"caf\xe9":      "caf\uFFFDe9",
		"\xff\xfe":     "\uFFFDff\uFFFDfe",
		"\uFFFD":       "\uFFFD",
		"\uFFFDff":     "\uFFFDef\uFFFDbf\uFFFDbdff",
		"\uFFFDfg":     "\uFFFDfg",
		"\xe6\x97 end": "\uFFFDe6\uFFFD97 end",
	} {
		if got := validUTF8(text); got != want {
			t.Errorf("validUTF8(%q) = %q, want %q", text, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { validUTF8("operation-7 caf\u00e9") }); n != 0 {
		t.Errorf("%v allocations for a text that is valid", n)
	}
}

// Two texts are the same on the wire only if they are the same.
func FuzzValidUTF8(f *testing.F) {
	f.Add("\xff", "\uFFFDff")
	f.Add("\uFFFDff", "\uFFFDef\uFFFDbf\uFFFDbdff")
	f.Add(strings.Repeat("x", 100_000)+"\xff", strings.Repeat("x", 100_000))
	f.Fuzz(func(t *testing.T, a, b string) {
		va, vb := validUTF8(a), validUTF8(b)
		if !utf8.ValidString(va) || (va == vb) != (a == b) {
			t.Errorf("%q and %q become %q and %q", a, b, va, vb)
		}
	})
}

// Attributes are the labels, whatever their values.
func FuzzAttributes(f *testing.F) {
	f.Add("ok", "")
	f.Add("\xff", "\uFFFDff")
	f.Add(`a",b="c`, "\\\n")
	f.Add(strings.Repeat("\xfe", 100_000), strings.Repeat("é", 50_000))
	keys := []string{"operation", "status"}
	f.Fuzz(func(t *testing.T, operation, status string) {
		var m memory
		labels := metric.EncodeLabels(keys, []string{operation, status})
		r := m.of("calls_total")
		set := m.attributesOf(r, keys, labels)
		r.end()
		for key, want := range map[attribute.Key]string{"operation": operation, "status": status} {
			if got, found := set.Value(key); !found || got.AsString() != validUTF8(want) {
				t.Errorf("%s = %q, want %q", key, got.AsString(), validUTF8(want))
			}
		}
		again := m.attributesOf(m.of("calls_total"), keys, labels)
		if set.Len() != 2 || !again.Equals(&set) {
			t.Errorf("attributes are %v, and then %v", set.ToSlice(), again.ToSlice())
		}
	})
}
