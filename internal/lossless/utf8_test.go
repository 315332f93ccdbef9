package lossless

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUTF8(t *testing.T) {
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
		if got := UTF8(text); got != want {
			t.Errorf("UTF8(%q) = %q, want %q", text, got, want)
		}
		if got := string(Append([]byte("x"), text)); got != "x"+want {
			t.Errorf("Append(%q) gives %q, want %q", text, got, "x"+want)
		}
	}
	room := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() { Append(room, "operation-7 \xff caf\u00e9") }); n != 0 {
		t.Errorf("%v allocations to append where there is room", n)
	}
	if n := testing.AllocsPerRun(100, func() { UTF8("operation-7 caf\u00e9") }); n != 0 {
		t.Errorf("%v allocations for a text that is valid", n)
	}
}

// Two texts are written the same only if they are the same.
func FuzzUTF8(f *testing.F) {
	f.Add("\xff", "\uFFFDff")
	f.Add("\uFFFDff", "\uFFFDef\uFFFDbf\uFFFDbdff")
	f.Add(strings.Repeat("x", 100_000)+"\xff", strings.Repeat("x", 100_000))
	f.Fuzz(func(t *testing.T, a, b string) {
		va, vb := UTF8(a), UTF8(b)
		if !utf8.ValidString(va) || (va == vb) != (a == b) {
			t.Errorf("%q and %q become %q and %q", a, b, va, vb)
		}
	})
}
