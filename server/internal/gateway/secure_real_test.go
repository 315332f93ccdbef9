package gateway

import (
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/webconfig/certtest"
)

const pushToken = "hush-push-0123456789abcdef"

// buildSender builds the program that exports by gRPC, which lives in the module of
// the exporter.
func buildSender(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "otlpsender")
	source, err := filepath.Abs(filepath.Join("testdata", "otlpsender", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", path, source)
	build.Dir = filepath.Join("..", "..", "..", "integrations")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// secured are the files of a gateway that speaks TLS and knows the token, and of
// others' authorities and certificates.
func secured(t *testing.T, more string) (dir string, change func(*Options)) {
	t.Helper()
	dir = t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	authority, stranger := certtest.New(t), certtest.New(t)
	until := time.Now().Add(time.Hour)
	authority.Issue(t, "localhost", until).Write(t, at("server.pem"), at("server.key"))
	authority.Issue(t, "collector", until).Write(t, at("client.pem"), at("client.key"))
	stranger.Issue(t, "collector", until).Write(t, at("stranger.pem"), at("stranger.key"))
	for name, content := range map[string]string{
		"ca.pem": string(authority.PEM()), "other.pem": string(stranger.PEM()), "tokens": pushToken + "\n",
		"web.yml": "tls_server_config: {cert_file: server.pem, key_file: server.key" + more + "}\n",
	} {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func(o *Options) { o.Web.ConfigFile = at("web.yml") }
}

// The exporter that programs use gets in with what it was given, and with nothing
// else.
func TestRealExporterOverTLS(t *testing.T) {
	sender := buildSender(t)
	for name, gateway := range map[string]struct {
		more  string
		token bool
		tries []try
	}{
		"token": {"", true, []try{
			{"no token", "ca.pem", "", nil, "Unauthenticated"},
			{"a wrong token", "ca.pem", "hush-wrong-0123456789abcdef", nil, "Unauthenticated"},
			{"a wrong authority", "other.pem", pushToken, nil, "certificate"},
			{"all is right", "ca.pem", pushToken, nil, ""},
		}},
		"certificates": {", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert", false, []try{
			{"no certificate", "ca.pem", "", nil, "Unavailable"},
			{"a stranger's", "ca.pem", "", []string{"stranger.pem", "stranger.key"}, "Unavailable"},
			{"all is right", "ca.pem", "", []string{"client.pem", "client.key"}, ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, change := secured(t, gateway.more)
			g := serving(t, change, func(o *Options) {
				if gateway.token {
					o.Web.TokenFile = filepath.Join(dir, "tokens")
				}
			})
			for _, try := range gateway.tries {
				arguments := []string{g.server.URL, filepath.Join(dir, try.ca), try.token}
				for _, file := range try.pair {
					arguments = append(arguments, filepath.Join(dir, file))
				}
				out, err := exec.Command(sender, arguments...).CombinedOutput()
				if said := string(out); (err == nil) != (try.want == "") || !strings.Contains(said, try.want) || strings.Contains(said, "hush") {
					t.Errorf("%s: %v, %q; want %q", try.name, err, said, try.want)
				}
			}
		})
	}
}

// try is an attempt to push: with an authority to trust, a token and a certificate.
type try struct {
	name, ca, token string
	pair            []string
	want            string // in the error, or nothing
}

// No secret of who pushes comes out of the gateway: not in its pages, and not in its
// log, which it is told everything in.
func TestSecretsStayInside(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte(pushToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &apitest.Log{}
	g := serving(t, func(o *Options) {
		o.Web.TokenFile = file
		o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	var shown strings.Builder
	ask := func(method, path, body, token string) {
		_, answer, _ := g.send(t, method, path, []byte(body), "Authorization", "Bearer "+token)
		shown.WriteString(answer)
	}
	for _, token := range []string{pushToken, "hush-wrong-0123456789abcdef"} {
		ask(http.MethodPost, "/metrics/job/a?token=hush-parameter", "a_total 1\n", token)
		ask(http.MethodPost, "/metrics/job/a", "not metrics", token)
		ask(http.MethodPost, "/v1/metrics?api_key=hush-parameter", "x", token)
		for _, path := range []string{"/", "/metrics", "/-/metrics", "/-/ready", "/-/healthy", "/nothing?password=hush-parameter"} {
			ask(http.MethodGet, path, "", token)
		}
	}
	// Tokens that cannot be read any more are told of.
	if err := os.WriteFile(file, []byte("hush-short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(http.MethodPost, "/metrics/job/a", "a_total 1\n", pushToken)
	if found := regexp.MustCompile("hush-[a-z0-9-]+").FindString(shown.String() + log.String()); found != "" {
		t.Errorf("%s is shown: %s\nlog: %s", found, shown.String(), log)
	}
	if !strings.Contains(log.String(), "no push is let in") {
		t.Errorf("the log: %s", log)
	}
}
