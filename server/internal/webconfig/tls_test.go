package webconfig

import (
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/webconfig/certtest"
)

// issue writes a certificate that ends at this moment, and returns the lines of a
// web configuration that use it.
func issue(t *testing.T, authority *certtest.Authority, dir string, until time.Time) (lines string) {
	t.Helper()
	certificate, key := filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	authority.Issue(t, "server", until).Write(t, certificate, key)
	return "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
}

// secure writes a web configuration with a certificate.
func secure(t *testing.T, authority *certtest.Authority, more string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "web.yml")
	rewrite(t, path, issue(t, authority, dir, time.Now().Add(time.Hour))+more)
	return path
}

func trusting(a *certtest.Authority) *tls.Config {
	return &tls.Config{RootCAs: a.Pool(), MinVersion: tls.VersionTLS12}
}

func TestTLS(t *testing.T) {
	authority := certtest.New(t)
	s := serve(t, Options{ConfigFile: secure(t, authority, "")})
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("served at %s", s.url)
	}
	expect(t, in, trusting(authority), getting, s.url, nobody)
	if _, err := try(t, trusting(certtest.New(t)), getting, s.url, nobody); err == nil {
		t.Error("a client that trusts another authority was content")
	}
	if _, err := try(t, &tls.Config{RootCAs: authority.Pool(), MaxVersion: tls.VersionTLS11}, getting, s.url, nobody); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	expect(t, http.StatusBadRequest, nil, getting, strings.Replace(s.url, "https", "http", 1), nobody)
	for major, http2 := range map[int]bool{1: false, 2: true} {
		transport := &http.Transport{TLSClientConfig: trusting(authority), ForceAttemptHTTP2: http2}
		response, err := (&http.Client{Transport: transport}).Get(s.url)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		transport.CloseIdleConnections()
		if response.ProtoMajor != major || response.StatusCode != in {
			t.Errorf("status %d by %s", response.StatusCode, response.Proto)
		}
	}
}

func TestWithoutHTTP2(t *testing.T) {
	authority := certtest.New(t)
	s := serve(t, Options{ConfigFile: secure(t, authority, "http_server_config: {http2: false}")})
	config := trusting(authority)
	config.NextProtos = []string{"h2", "http/1.1"}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.ConnectionState().NegotiatedProtocol; got != "http/1.1" {
		t.Errorf("spoke %q", got)
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	first, second := certtest.New(t), certtest.New(t)
	path := secure(t, first, "")
	s := serve(t, Options{ConfigFile: path})
	expect(t, in, trusting(first), getting, s.url, nobody)
	issue(t, second, filepath.Dir(path), time.Now().Add(time.Hour))
	expect(t, in, trusting(second), getting, s.url, nobody)
	if _, err := try(t, trusting(first), getting, s.url, nobody); err == nil {
		t.Error("the former certificate is still served")
	}
	// An expired one is served, as it is there; clients refuse it.
	issue(t, second, filepath.Dir(path), time.Now().Add(-time.Hour))
	if _, err := try(t, trusting(second), getting, s.url, nobody); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("expired: %v", err)
	}
	// Without one nobody is served, and the server lives.
	rewrite(t, filepath.Join(filepath.Dir(path), "server.pem"), "")
	if _, err := try(t, trusting(second), getting, s.url, nobody); err == nil {
		t.Error("served without a certificate")
	}
	issue(t, second, filepath.Dir(path), time.Now().Add(time.Hour))
	expect(t, in, trusting(second), getting, s.url, nobody)
}

// as presents a certificate.
func as(trusted *certtest.Authority, who tls.Certificate) *tls.Config {
	config := trusting(trusted)
	config.Certificates = []tls.Certificate{who}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	return config
}

func TestClientCertificates(t *testing.T) {
	authority, foreign := certtest.New(t), certtest.New(t)
	later, earlier := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	const refused = 0 // in the handshake
	for name, tt := range map[string]struct {
		more         string
		client       *tls.Config
		read, change int
	}{
		"required, none":     {"  client_auth_type: RequireAndVerifyClientCert\n", trusting(authority), refused, refused},
		"required, ours":     {"  client_auth_type: RequireAndVerifyClientCert\n", as(authority, authority.Issue(t, "pusher", later).Pair(t)), in, in},
		"required, foreign":  {"  client_auth_type: RequireAndVerifyClientCert\n", as(authority, foreign.Issue(t, "pusher", later).Pair(t)), refused, refused},
		"required, expired":  {"  client_auth_type: RequireAndVerifyClientCert\n", as(authority, authority.Issue(t, "pusher", earlier).Pair(t)), refused, refused},
		"if given, none":     {"  client_auth_type: VerifyClientCertIfGiven\n", trusting(authority), in, kept},
		"if given, ours":     {"  client_auth_type: VerifyClientCertIfGiven\n", as(authority, authority.Issue(t, "pusher", later).Pair(t)), in, in},
		"named, the name":    {"  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [pusher]\n", as(authority, authority.Issue(t, "pusher", later).Pair(t)), in, in},
		"named, another":     {"  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [pusher]\n", as(authority, authority.Issue(t, "other", later).Pair(t)), refused, refused},
		"named if any, none": {"  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [pusher]\n", trusting(authority), in, kept},
		"named if any, both": {"  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [pusher]\n", as(authority, authority.Issue(t, "other", later).Pair(t)), refused, refused},
	} {
		t.Run(name, func(t *testing.T) {
			path := secure(t, authority, tt.more+"  client_ca_file: ca.pem\n")
			rewrite(t, filepath.Join(filepath.Dir(path), "ca.pem"), string(authority.PEM()))
			s := serve(t, Options{ConfigFile: path})
			for method, want := range map[string]int{getting: tt.read, posting: tt.change} {
				got, err := try(t, tt.client, method, s.url, nobody)
				switch {
				case want == refused && err == nil:
					t.Errorf("%s: status %d", method, got.status)
				case want != refused && err != nil:
					t.Errorf("%s: %v", method, err)
				case want != refused && got.status != want:
					t.Errorf("%s: status %d, want %d", method, got.status, want)
				}
			}
			if strings.Contains(s.log.String(), "panic") {
				t.Errorf("log: %s", s.log)
			}
		})
	}
}

// A name that is taken off the list is out at once, resumed session or not.
func TestRevokedNameCannotResume(t *testing.T) {
	authority := certtest.New(t)
	path := secure(t, authority, "")
	rewrite(t, filepath.Join(filepath.Dir(path), "ca.pem"), string(authority.PEM()))
	content := "tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [%]}"
	rewrite(t, path, strings.Replace(content, "%", "pusher", 1))
	s := serve(t, Options{ConfigFile: path})
	client := as(authority, authority.Issue(t, "pusher", time.Now().Add(time.Hour)).Pair(t))
	for range 3 {
		expect(t, in, client, posting, s.url, nobody)
	}
	rewrite(t, path, strings.Replace(content, "%", "other", 1))
	if _, err := try(t, client, posting, s.url, nobody); err == nil {
		t.Error("a session was resumed past the list of names")
	}
}
