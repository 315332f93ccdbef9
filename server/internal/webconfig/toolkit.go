package webconfig

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
)

// toolkit is what exporter-toolkit makes of a web configuration file. Its handler
// and its TLS configuration read the file at each request and handshake.
type toolkit struct {
	file string
	// handler authenticates, sets headers and limits rates as the file says, and
	// passes on to the handler it was made with.
	handler http.Handler
	tls     *tls.Config // nil for plain HTTP
	http2   bool
}

// newToolkit reads the file. The package has no function for less than serving,
// so it is given a listener that is closed, and leaves the rest behind in the
// server it was to run.
func newToolkit(file string, next http.Handler, logger *slog.Logger) (*toolkit, error) {
	server := &http.Server{Handler: next}
	// It tells at each start what it found; its errors at requests are kept.
	quiet := slog.New(fromWarn{logger.Handler()})
	err := web.Serve(closedListener{}, server, &web.FlagConfig{WebConfigFile: &file}, quiet)
	if !errors.Is(err, errClosedListener) {
		return nil, fmt.Errorf("web configuration file %q: %w: correct it, as docs/security.md describes", file, withoutValues(err))
	}
	facts, err := readFacts(file)
	if err != nil {
		return nil, err
	}
	t := &toolkit{file: file, handler: server.Handler, http2: facts.http2}
	// The server makes an empty one where there is no TLS.
	if server.TLSConfig != nil && server.TLSConfig.GetConfigForClient != nil {
		t.tls = t.follow(server.TLSConfig)
	}
	return t, nil
}

// follow makes a configuration that reads the file and the certificates at each
// handshake.
func (t *toolkit) follow(made *tls.Config) *tls.Config {
	read := made.GetConfigForClient
	protocols := []string{"http/1.1"}
	if t.http2 {
		protocols = []string{"h2", "http/1.1"}
	}
	config := made.Clone()
	config.NextProtos = protocols
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		fresh, err := read(hello)
		if err != nil {
			return nil, fmt.Errorf("web configuration file %q: %w", t.file, withoutValues(err))
		}
		fresh.NextProtos = protocols
		if fresh.ClientAuth != tls.NoClientCert {
			// A resumed session would skip the check of names, and outlive a
			// certificate that is not accepted any more.
			fresh.SessionTicketsDisabled = true
		}
		fresh.VerifyPeerCertificate = ifPresented(fresh.VerifyPeerCertificate)
		return fresh, nil
	}
	return config
}

// verifyPeer is the type of tls.Config.VerifyPeerCertificate.
type verifyPeer = func(certificates [][]byte, chains [][]*x509.Certificate) error

// ifPresented leaves out a check of names for clients without a certificate. It
// is not asked to when the file requires one.
func ifPresented(check verifyPeer) verifyPeer {
	if check == nil {
		return nil
	}
	return func(certificates [][]byte, chains [][]*x509.Certificate) error {
		if len(certificates) == 0 {
			return nil
		}
		return check(certificates, chains)
	}
}

// facts are what has to be known of the file beyond what exporter-toolkit does
// with it.
type facts struct {
	tls   bool
	http2 bool
	// users have to authenticate by name and password.
	users bool
	// certificates of clients are checked, if there are any.
	certificates bool
}

func readFacts(file string) (facts, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return facts{}, err
	}
	config := web.Config{HTTPConfig: web.HTTPConfig{HTTP2: true}}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return facts{}, fmt.Errorf("web configuration file %q: %w", file, withoutValues(err))
	}
	verified := config.TLSConfig.ClientAuth == "RequireAndVerifyClientCert" || config.TLSConfig.ClientAuth == "VerifyClientCertIfGiven"
	return facts{
		tls:          config.TLSConfig.IsEnabled(),
		http2:        config.HTTPConfig.HTTP2,
		users:        len(config.Users) > 0,
		certificates: verified,
	}, nil
}

// quotedValue is how an error of the YAML package shows what it could not use,
// which may be a password in the wrong place.
var quotedValue = regexp.MustCompile("`[^`]*`")

func withoutValues(err error) error {
	hidden := quotedValue.ReplaceAllString(err.Error(), "a value")
	if hidden == err.Error() {
		return err
	}
	return errors.New(hidden)
}

var errClosedListener = errors.New("closed from the start")

// closedListener accepts nothing.
type closedListener struct{}

func (closedListener) Accept() (net.Conn, error) { return nil, errClosedListener }
func (closedListener) Close() error              { return nil }
func (closedListener) Addr() net.Addr            { return &net.TCPAddr{} }

// fromWarn drops what is said below a warning.
type fromWarn struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h fromWarn) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}
