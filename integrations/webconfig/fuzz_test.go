package webconfig_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/metertree/metertree/integrations/webconfig"
)

// FuzzLoad reads any file. One that is taken guards; the error of one that is not
// names it, and repeats no password.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(users))
	f.Add([]byte("basic_auth_users: {me: " + password + "}\n"))
	f.Add([]byte("basic_auth_users: [" + password + "]\nrate_limit: {interval: 1s}\n"))
	f.Add([]byte("http_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n"))
	f.Add([]byte("tls_server_config: {cert_file: x, key_file: y, min_version: TLS12}\n"))
	f.Add([]byte("? [\n"))
	f.Add([]byte(password + ": x\n"))
	f.Add([]byte(""))
	file := filepath.Join(f.TempDir(), "web.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		security, err := webconfig.Load(file, webconfig.Options{})
		if err != nil {
			if !strings.Contains(err.Error(), file) || strings.Contains(namedKey.ReplaceAllString(err.Error(), ""), password) {
				t.Fatalf("%q: %v", content, err)
			}
			return
		}
		if security.Guard(http.NotFoundHandler()) == nil {
			t.Fatalf("%q: no guard", content)
		}
	})
}

// namedKey is how an error names a key of the file, which is no place for a
// password.
var namedKey = regexp.MustCompile(`(?s)(field|key) .* (not found in|already set in)`)
