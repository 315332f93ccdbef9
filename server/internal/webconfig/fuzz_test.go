package webconfig

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// FuzzTokens reads any file of tokens. Each of its tokens lets in, nothing else
// does, and no error says what is in it.
func FuzzTokens(f *testing.F) {
	const token = "0123456789abcdef0123"
	f.Add([]byte(token+"\n# "+token+"x\n\n other-token-of-some-length \r\n"), token)
	f.Add([]byte("short\n"), "short")
	f.Add([]byte(token+"\x00\n"), token)
	f.Add([]byte("#\n"), "")
	file := filepath.Join(f.TempDir(), "tokens")
	f.Fuzz(func(t *testing.T, content []byte, brought string) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		known := &tokens{file: file, logger: slog.New(slog.DiscardHandler)}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", "Bearer "+brought)
		list, err := known.read()
		if err != nil {
			for line := range bytes.Lines(content) {
				if secret := bytes.TrimSpace(line); len(secret) >= minTokenBytes && strings.Contains(err.Error(), string(secret)) && !strings.Contains(tokenHelp, string(secret)) {
					t.Fatalf("the error tells %q: %v", secret, err)
				}
			}
			if known.accepts(r) {
				t.Fatalf("%q is let in by %q, which is refused", brought, content)
			}
			return
		}
		is := false
		for _, token := range list {
			if len(token) < minTokenBytes || len(token) > maxTokenBytes || !bytes.Contains(content, token) {
				t.Fatalf("the token %q of %q", token, content)
			}
			is = is || strings.TrimSpace(brought) == string(token)
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("Authorization", "bearer "+string(token))
			if !known.accepts(r) {
				// The same token twice is counted twice.
				t.Fatalf("%q is not let in by %q", token, content)
			}
		}
		if known.accepts(r) != is {
			t.Fatalf("%q is let in by %q: %v", brought, content, !is)
		}
	})
}

// tokenHelp are words that an error has of its own.
const tokenHelp = "openssl rand -hex 32 prints"

// FuzzConfig reads any web configuration file. One that is taken serves, one that
// is not is named by an error that repeats no password.
func FuzzConfig(f *testing.F) {
	const password = "correct horse"
	f.Add([]byte("basic_auth_users: {me: " + password + "}\n"))
	f.Add([]byte("basic_auth_users: [" + password + "]\nhttp_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n"))
	f.Add([]byte("tls_server_config: {cert_file: x, client_auth_type: RequireAndVerifyClientCert}\n"))
	f.Add([]byte("rate_limit: {interval: 1s, burst: 1}\n"))
	f.Add([]byte("? [\n"))
	f.Add([]byte(password + ": x\n"))
	f.Add([]byte(""))
	file := filepath.Join(f.TempDir(), "web.yml")
	settings := Settings{MaxRequestBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler), Changes: func(*http.Request) bool { return true }}
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, address := range []net.Addr{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}} {
			g, err := New(Options{ConfigFile: file}, settings, address)
			if err != nil {
				if !strings.Contains(err.Error(), "--web") && !strings.Contains(err.Error(), file) || strings.Contains(namedKey.ReplaceAllString(err.Error(), ""), password) {
					t.Fatalf("%q: %v", content, err)
				}
				continue
			}
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			if beyond := address.String() == "10.0.0.1:1"; beyond && g.mayChange(r) && !g.facts.users {
				t.Fatalf("%q: anybody may write from anywhere", content)
			}
		}
	})
}

// namedKey is how an error names a key of the file, which is no place for a
// password.
var namedKey = regexp.MustCompile(`(?s)(field|key) .* (not found in|already set in)`)
