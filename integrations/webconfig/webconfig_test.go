package webconfig_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/integrations/webconfig"
)

const (
	password = "correct horse"
	// hashed is the password by bcrypt, at the lowest cost.
	hashed = "$2a$04$/eDPtQmBmP/ta8DYkdQb5.uy6THff5s28egioVSK2wrKn2XE0uE/K"
	users  = "basic_auth_users: {me: " + hashed + "}\n"
)

// running is a program whose metrics are guarded.
type running struct {
	address string
	log     *lockedBuffer
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(t *testing.T, file string) running {
	t.Helper()
	r := running{log: &lockedBuffer{}}
	logger := slog.New(slog.NewTextHandler(r.log, nil))
	security, err := webconfig.Load(file, webconfig.Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Profiling: true, Logger: logger, Security: security})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.address = rt.Addr().String()
	return r
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func configured(t *testing.T, content string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "web.yml")
	write(t, file, content)
	return file
}

// get asks on a connection of its own. A user may be empty.
func get(config *tls.Config, url, user, password string) (status int, body string, err error) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), errors.Join(err, response.Body.Close())
}

func expect(t *testing.T, want int, config *tls.Config, url, user, password string) {
	t.Helper()
	if status, body, err := get(config, url, user, password); err != nil || status != want {
		t.Errorf("%s as %q: status %d, want %d, %v: %.100q", url, user, status, want, err, body)
	}
}

func TestUsers(t *testing.T) {
	file := configured(t, users+"http_server_config: {headers: {X-Frame-Options: sameorigin}}")
	r := start(t, file)
	for _, path := range []string{"/", "/metrics", "/tree/", "/-/healthy", "/api/v1/observer/", "/debug/pprof/", "/nothing"} {
		expect(t, http.StatusUnauthorized, nil, "http://"+r.address+path, "", "")
		expect(t, http.StatusUnauthorized, nil, "http://"+r.address+path, "me", "battery")
	}
	expect(t, http.StatusUnauthorized, nil, "http://"+r.address+"/metrics", "you", password)
	expect(t, http.StatusOK, nil, "http://"+r.address+"/metrics", "me", password)
	expect(t, http.StatusOK, nil, "http://"+r.address+"/debug/pprof/", "me", password)

	write(t, file, strings.Replace(users, "me:", "you:", 1))
	expect(t, http.StatusUnauthorized, nil, "http://"+r.address+"/metrics", "me", password)
	expect(t, http.StatusOK, nil, "http://"+r.address+"/metrics", "you", password)

	write(t, file, "basic_auth_users: [hunter2]")
	expect(t, http.StatusInternalServerError, nil, "http://"+r.address+"/metrics", "you", password)
	if log := r.log.String(); !strings.Contains(log, "ERROR") || strings.Contains(log, hashed) {
		t.Errorf("log: %s", log)
	}
}

// withTLS writes a configuration with a certificate for the loopback address.
func withTLS(t *testing.T, a *authority, until time.Time, more string) (file string) {
	t.Helper()
	file = configured(t, "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"+more)
	replace(t, file, a, until)
	return file
}

func replace(t *testing.T, file string, a *authority, until time.Time) {
	t.Helper()
	dir := filepath.Dir(file)
	a.issue(t, "server", until).write(t, filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key"))
}

func trusting(a *authority) *tls.Config {
	return &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS12}
}

func TestTLSAndRotation(t *testing.T) {
	first, second := newAuthority(t), newAuthority(t)
	later := time.Now().Add(time.Hour)
	file := withTLS(t, first, later, users)
	r := start(t, file)
	url := "https://" + r.address + "/metrics"
	expect(t, http.StatusOK, trusting(first), url, "me", password)
	expect(t, http.StatusUnauthorized, trusting(first), url, "", "")
	expect(t, http.StatusBadRequest, nil, "http://"+r.address+"/metrics", "me", password)
	if _, _, err := get(trusting(second), url, "me", password); err == nil {
		t.Error("a client that trusts another authority was content")
	}

	replace(t, file, second, later)
	expect(t, http.StatusOK, trusting(second), url, "me", password)
	replace(t, file, second, time.Now().Add(-time.Hour))
	if _, _, err := get(trusting(second), url, "me", password); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired: %v", err)
	}
	write(t, filepath.Join(filepath.Dir(file), "server.key"), "no key")
	if _, _, err := get(trusting(second), url, "me", password); err == nil {
		t.Error("served without a key")
	}
	replace(t, file, second, later)
	expect(t, http.StatusOK, trusting(second), url, "me", password)
}

func TestProtocols(t *testing.T) {
	a := newAuthority(t)
	for more, want := range map[string]string{"": "h2", "http_server_config: {http2: false}\n": "http/1.1"} {
		r := start(t, withTLS(t, a, time.Now().Add(time.Hour), more))
		config := trusting(a)
		config.NextProtos = []string{"h2", "http/1.1"}
		conn, err := tls.Dial("tcp", r.address, config)
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().NegotiatedProtocol; got != want {
			t.Errorf("with %q: spoke %q, want %q", more, got, want)
		}
		_ = conn.Close()
	}
}

func TestClientCertificates(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	later, earlier := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	required := "  client_ca_file: ca.pem\n  client_allowed_sans: [scraper]\n  client_auth_type: RequireAndVerifyClientCert\n"
	given := strings.Replace(required, "RequireAndVerifyClientCert", "VerifyClientCertIfGiven", 1)
	for name, tt := range map[string]struct {
		more   string
		client *issued
		served bool
	}{
		"the name":         {required, new(a.issue(t, "scraper", later)), true},
		"another name":     {required, new(a.issue(t, "other", later)), false},
		"foreign":          {required, new(foreign.issue(t, "scraper", later)), false},
		"expired":          {required, new(a.issue(t, "scraper", earlier)), false},
		"none":             {required, nil, false},
		"none, if given":   {given, nil, true},
		"other, if given":  {given, new(a.issue(t, "other", later)), false},
		"the name, if any": {given, new(a.issue(t, "scraper", later)), true},
	} {
		t.Run(name, func(t *testing.T) {
			file := withTLS(t, a, later, tt.more)
			write(t, filepath.Join(filepath.Dir(file), "ca.pem"), string(a.encoded()))
			r := start(t, file)
			config := trusting(a)
			if tt.client != nil {
				config.Certificates = []tls.Certificate{tt.client.pair(t)}
			}
			status, _, err := get(config, "https://"+r.address+"/metrics", "", "")
			if served := err == nil && status == http.StatusOK; served != tt.served {
				t.Errorf("status %d, %v", status, err)
			}
			if strings.Contains(r.log.String(), "panic") {
				t.Errorf("log: %s", r.log)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ content, want string }{
		"unknown key":       {"basic_auth: {}", "basic_auth"},
		"not a hash":        {"basic_auth_users: {me: hunter2}", "bcrypt"},
		"misplaced":         {"basic_auth_users: hunter2", "docs/security.md"},
		"no certificate":    {"tls_server_config: {cert_file: none.pem, key_file: none.key}", "none.pem"},
		"unknown auth type": {"tls_server_config: {client_auth_type: Sometimes}", "cert"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webconfig.Load(configured(t, tt.content), webconfig.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := webconfig.Load("/nowhere/web.yml", webconfig.Options{}); err == nil || !strings.Contains(err.Error(), "/nowhere/web.yml") {
		t.Errorf("no file: %v", err)
	}
}

// Between Load and Start a file can become unusable: nobody is let in then.
func TestFileBrokenBeforeTheStart(t *testing.T) {
	file := configured(t, users)
	security, err := webconfig.Load(file, webconfig.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "basic_auth_users: [")
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Security: security})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	expect(t, http.StatusInternalServerError, nil, "http://"+rt.Addr().String()+"/metrics", "me", password)
}
