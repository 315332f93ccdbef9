package webconfig

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	password = "correct horse"
	// hashed is the password by bcrypt, at the lowest cost.
	hashed = "$2a$04$/eDPtQmBmP/ta8DYkdQb5.uy6THff5s28egioVSK2wrKn2XE0uE/K"
	token  = "0123456789abcdef0123456789abcdef"
)

// served is a guarded server that answers 204.
type served struct {
	url string
	log *syncBuffer
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func isPost(r *http.Request) bool { return r.Method == http.MethodPost }

// serve serves on loopback until the test ends.
func serve(t testing.TB, options Options) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{log: &syncBuffer{}}
	settings := Settings{Changes: isPost, MaxRequestBytes: 1 << 10, Logger: slog.New(slog.NewTextHandler(s.log, nil))}
	guard, err := New(options, settings, listener.Addr())
	if err != nil {
		t.Fatal(errors.Join(err, listener.Close()))
	}
	s.url = guard.Scheme() + "://" + listener.Addr().String()
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.NewTextHandler(s.log, nil), slog.LevelInfo),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}),
	}
	ended := make(chan error, 1)
	go func() { ended <- guard.Serve(server, listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

// file writes a file and returns its path.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rewrite(t, path, content)
	return path
}

func rewrite(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// credentials set the header of a request.
type credentials func(*http.Request)

func nobody(*http.Request) {}

func bearer(token string) credentials {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func basic(user, password string) credentials {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

// answered is the head of an answer.
type answered struct {
	status int
	header http.Header
}

// try sends a request on a connection of its own.
func try(t testing.TB, config *tls.Config, method, url string, who credentials) (answered, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	who(request)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return answered{}, err
	}
	return answered{response.StatusCode, response.Header}, response.Body.Close()
}

func expect(t testing.TB, want int, config *tls.Config, method, url string, who credentials) {
	t.Helper()
	got, err := try(t, config, method, url, who)
	if err != nil {
		t.Errorf("%s: %v", method, err)
	} else if got.status != want {
		t.Errorf("%s: status %d, want %d", method, got.status, want)
	}
}

const (
	in      = http.StatusNoContent
	kept    = http.StatusUnauthorized
	getting = http.MethodGet
	posting = http.MethodPost
)

func TestWhoMayDoWhat(t *testing.T) {
	users := "basic_auth_users: {me: " + hashed + "}"
	for name, tt := range map[string]struct {
		config, tokens string
		who            credentials
		read, change   int
	}{
		"nothing configured":        {"", "", nobody, in, in},
		"token, none brought":       {"", token, nobody, in, kept},
		"token, wrong":              {"", token, bearer(token + "0"), in, kept},
		"token, prefix":             {"", token, bearer(token[:20]), in, kept},
		"token, empty":              {"", token, bearer(""), in, kept},
		"token, right":              {"", token, bearer(token), in, in},
		"tokens, the second":        {"", "# old\n" + strings.Repeat("x", 16) + "\n\n  " + token + " \r\n", bearer(token), in, in},
		"tokens, a comment":         {"", "#" + token + "\n" + strings.Repeat("x", 16), bearer("#" + token), in, kept},
		"users, none brought":       {users, "", nobody, kept, kept},
		"users, right":              {users, "", basic("me", password), in, in},
		"users, wrong password":     {users, "", basic("me", "battery"), kept, kept},
		"users, unknown":            {users, "", basic("you", "fakepassword"), kept, kept},
		"users, hash as password":   {users, "", basic("me", hashed), kept, kept},
		"both, none brought":        {users, token, nobody, kept, kept},
		"both, user":                {users, token, basic("me", password), in, in},
		"both, token":               {users, token, bearer(token), kept, in},
		"both, wrong token":         {users, token, bearer(token + "0"), kept, kept},
		"both, token as a password": {users, token, basic("me", token), kept, kept},
		"empty file":                {"{}", "", nobody, in, in},
		"empty file and token":      {"{}", token, nobody, in, kept},
	} {
		t.Run(name, func(t *testing.T) {
			var options Options
			if tt.config != "" {
				options.ConfigFile = file(t, "web.yml", tt.config)
			}
			if tt.tokens != "" {
				options.TokenFile = file(t, "tokens", tt.tokens)
			}
			s := serve(t, options)
			expect(t, tt.read, nil, getting, s.url, tt.who)
			expect(t, tt.change, nil, posting, s.url, tt.who)
		})
	}
}

func TestTokensAreReadAgain(t *testing.T) {
	path := file(t, "tokens", token)
	s := serve(t, Options{TokenFile: path})
	other := strings.Repeat("n", 40)
	expect(t, in, nil, posting, s.url, bearer(token))
	rewrite(t, path, token+"\n"+other)
	expect(t, in, nil, posting, s.url, bearer(token))
	expect(t, in, nil, posting, s.url, bearer(other))
	rewrite(t, path, other)
	expect(t, kept, nil, posting, s.url, bearer(token))

	// A file that cannot be used lets nobody in, and says so once.
	rewrite(t, path, "short")
	expect(t, kept, nil, posting, s.url, bearer("short"))
	expect(t, kept, nil, posting, s.url, bearer(other))
	if log := s.log.String(); strings.Count(log, "no push is let in") != 1 || strings.Contains(log, other) {
		t.Errorf("log: %s", log)
	}
	rewrite(t, path, other)
	expect(t, in, nil, posting, s.url, bearer(other))
}

func TestUsersAreReadAgain(t *testing.T) {
	path := file(t, "web.yml", "basic_auth_users: {me: "+hashed+"}")
	s := serve(t, Options{ConfigFile: path})
	expect(t, in, nil, posting, s.url, basic("me", password))
	rewrite(t, path, "basic_auth_users: {you: "+hashed+"}")
	expect(t, kept, nil, posting, s.url, basic("me", password))
	expect(t, in, nil, posting, s.url, basic("you", password))
	rewrite(t, path, "basic_auth_users: [")
	expect(t, http.StatusInternalServerError, nil, getting, s.url, basic("you", password))
	if log := s.log.String(); strings.Contains(log, hashed) {
		t.Errorf("log: %s", log)
	}
}

func TestRefusedAtTheStart(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv4zero, Port: 2122}
	users := "basic_auth_users: {me: " + hashed + "}"
	for name, tt := range map[string]struct {
		options Options
		address net.Addr
		want    string // empty if it may start
	}{
		"everybody":            {Options{}, everywhere, "--web.push-token-file"},
		"everybody, on IPv6":   {Options{}, &net.TCPAddr{IP: net.IPv6unspecified}, "--web.allow-anonymous-writes"},
		"everybody, asked for": {Options{AnonymousWrites: true}, everywhere, ""},
		"everybody, loopback":  {Options{}, &net.TCPAddr{IP: net.IPv6loopback}, ""},
		"token":                {Options{TokenFile: file(t, "tokens", token)}, everywhere, ""},
		"users":                {Options{ConfigFile: file(t, "web.yml", users)}, everywhere, ""},
		"no users":             {Options{ConfigFile: file(t, "web.yml", "http_server_config: {http2: false}")}, everywhere, "users or client certificates"},
		"no token file":        {Options{TokenFile: "/nowhere/tokens"}, everywhere, "/nowhere/tokens"},
		"empty token file":     {Options{TokenFile: file(t, "tokens", "# none\n")}, everywhere, "holds no token"},
		"short token":          {Options{TokenFile: file(t, "tokens", "\nhunter2hunter2")}, everywhere, "line 2: 14 characters"},
		"spaced token":         {Options{TokenFile: file(t, "tokens", "0123456789 0123456789")}, everywhere, "line 1: a token is of"},
		"large token file":     {Options{TokenFile: file(t, "tokens", strings.Repeat(token+"\n", 3000))}, everywhere, "more than 65536 bytes"},
		"no config file":       {Options{ConfigFile: "/nowhere/web.yml"}, everywhere, "/nowhere/web.yml"},
		"unknown key":          {Options{ConfigFile: file(t, "web.yml", "basic_auth: {}")}, everywhere, "basic_auth"},
		"not a hash":           {Options{ConfigFile: file(t, "web.yml", "basic_auth_users: {me: hunter2}")}, everywhere, "bcrypt"},
		"a password in place":  {Options{ConfigFile: file(t, "web.yml", "basic_auth_users: hunter2")}, everywhere, "docs/security.md"},
		"no certificate":       {Options{ConfigFile: file(t, "web.yml", "tls_server_config: {cert_file: none.pem, key_file: none.pem}")}, everywhere, "none.pem"},
		"authority alone":      {Options{ConfigFile: file(t, "web.yml", "tls_server_config: {client_ca_file: ca.pem}")}, everywhere, "cert"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(tt.options, Settings{Changes: isPost, Logger: slog.New(slog.DiscardHandler)}, tt.address)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one with %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// What changes nothing may be shown to everybody.
func TestReadersMayBeEverywhere(t *testing.T) {
	if _, err := New(Options{}, Settings{Logger: slog.New(slog.DiscardHandler)}, &net.TCPAddr{IP: net.IPv4zero}); err != nil {
		t.Error(err)
	}
}

func TestCredentialsInTheClearAreMentioned(t *testing.T) {
	var log bytes.Buffer
	options := Options{TokenFile: file(t, "tokens", token)}
	if _, err := New(options, Settings{Changes: isPost, Logger: slog.New(slog.NewTextHandler(&log, nil))}, &net.TCPAddr{IP: net.IPv4zero}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "in the clear") {
		t.Errorf("log: %q", log.String())
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := serve(t, Options{})
	for size, want := range map[int]int{1 << 10: http.StatusNoContent, 1<<10 + 1: http.StatusRequestEntityTooLarge} {
		response, err := http.Post(s.url, "", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", size, response.StatusCode, want)
		}
	}
}

func TestOtherSitesAreKeptOut(t *testing.T) {
	s := serve(t, Options{Hosts: []string{"metrics.example.org"}})
	expect(t, http.StatusForbidden, nil, posting, s.url, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") })
	expect(t, http.StatusForbidden, nil, getting, s.url, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	expect(t, http.StatusMisdirectedRequest, nil, getting, s.url, func(r *http.Request) { r.Host = "evil.example" })
	expect(t, in, nil, getting, s.url, func(r *http.Request) { r.Host = "metrics.example.org" })
	got, err := try(t, nil, getting, s.url, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") })
	if err != nil {
		t.Fatal(err)
	}
	if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("header %v", got.header)
	}
}

// A guess costs a comparison by bcrypt, one at a time, and does not keep out those
// who are known already.
func TestGuessing(t *testing.T) {
	s := serve(t, Options{ConfigFile: file(t, "web.yml", "basic_auth_users: {me: "+hashed+"}")})
	expect(t, in, nil, getting, s.url, basic("me", password))
	var guesses sync.WaitGroup
	for i := range 20 {
		guesses.Go(func() { expect(t, kept, nil, getting, s.url, basic("nobody", strings.Repeat("x", i))) })
	}
	for range 20 {
		expect(t, in, nil, getting, s.url, basic("me", password))
	}
	guesses.Wait()
}
