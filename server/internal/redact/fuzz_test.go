package redact

import (
	"strings"
	"testing"
)

// FuzzText holds that no text keeps a password or a secret parameter of a URL,
// and that a text without either stays as it is.
func FuzzText(f *testing.F) {
	f.Add("GET ", "ann", "http", "host:9090/metrics", "token", " failed: \n")
	f.Add("\"", "a:b:c", "https", "[::1]", "X-Api_KEY", "\"")
	f.Add("`", "@", "x+y", "", "?auth", "#")
	f.Fuzz(func(t *testing.T, before, user, scheme, host, name, after string) {
		const secret = "s3cretvalue"
		if strings.ContainsAny(user+host, "/?#\"' \t\r\n\v\f") || strings.ContainsAny(name, "=&?# \t\r\n\v\f\"'") {
			return // not the parts of one URL
		}
		text := before + scheme + "://" + user + ":" + secret + "@" + host + after
		if got := Text(text); strings.Contains(got, secret) {
			t.Fatalf("%q keeps the password: %q", text, got)
		}
		text = before + scheme + "://" + host + "/?" + name + "secret=" + secret + "&a=b" + after
		if got := Text(text); strings.Contains(got, secret) {
			t.Fatalf("%q keeps the parameter: %q", text, got)
		}
		if plain := before + after; !strings.ContainsAny(plain, "?&@") && Text(plain) != plain {
			t.Fatalf("%q becomes %q", plain, Text(plain))
		}
		if again := Text(text); Text(again) != again {
			t.Fatalf("%q is redacted as %q, and that as %q", text, again, Text(again))
		}
	})
}
