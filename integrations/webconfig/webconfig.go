package webconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"

	"github.com/metertree/metertree"
	"github.com/prometheus/exporter-toolkit/web"
)

// Options are what is not in the file. The zero value is useful.
type Options struct {
	// Logger hears of a file that cannot be used any more; nil logs nothing.
	Logger *slog.Logger
}

// Load reads a web configuration file and returns what metertree.Config takes.
// Paths in the file are relative to its directory. It fails, with an error that
// repeats no password, if the file, a certificate or a key cannot be used.
//
// A file without tls_server_config leaves Security.TLS nil. Hosts and
// RemoteProfiling are for the caller to set: users in the file are a good reason
// for the latter.
func Load(file string, options Options) (metertree.Security, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	server, err := made(file, http.NotFoundHandler(), options.Logger)
	if err != nil {
		return metertree.Security{}, err
	}
	return metertree.Security{
		TLS: following(file, server),
		Guard: func(pages http.Handler) http.Handler {
			guarded, err := made(file, pages, options.Logger)
			if err != nil {
				options.Logger.Error("nobody is let in until the next start", "err", err)
				return refusal{}
			}
			return guarded.Handler
		},
	}, nil
}

// refusal answers for pages that cannot be guarded.
type refusal struct{}

func (refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "the web configuration file was unusable at the start", http.StatusInternalServerError)
}

// made returns a server as exporter-toolkit prepares one: its handler guards the
// pages, its TLS configuration follows the file. The package has no function for
// less than serving, so it is given a listener that is closed, and leaves the
// server behind.
func made(file string, pages http.Handler, logger *slog.Logger) (*http.Server, error) {
	server := &http.Server{Handler: pages}
	err := web.Serve(closedListener{}, server, &web.FlagConfig{WebConfigFile: &file}, onlyErrors(logger))
	if !errors.Is(err, errClosedListener) {
		return nil, fmt.Errorf("web configuration file %q: %w: correct it, as docs/security.md describes", file, withoutValues(err))
	}
	return server, nil
}

// following returns a configuration that reads the file and the certificates at
// each handshake, nil for none.
func following(file string, server *http.Server) *tls.Config {
	// The server makes an empty one where there is no TLS.
	if server.TLSConfig == nil || server.TLSConfig.GetConfigForClient == nil {
		return nil
	}
	read := server.TLSConfig.GetConfigForClient
	protocols := []string{"h2", "http/1.1"}
	if len(server.TLSNextProto) == 0 {
		protocols = protocols[1:] // the file says so
	}
	config := server.TLSConfig.Clone()
	config.NextProtos = protocols
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		fresh, err := read(hello)
		if err != nil {
			return nil, fmt.Errorf("web configuration file %q: %w", file, withoutValues(err))
		}
		fresh.NextProtos = protocols
		if fresh.ClientAuth != tls.NoClientCert {
			// A resumed session would skip the check of names, and outlive a
			// certificate that is not accepted any more.
			fresh.SessionTicketsDisabled = true
		}
		if check := fresh.VerifyPeerCertificate; check != nil {
			fresh.VerifyPeerCertificate = ifPresented(check)
		}
		return fresh, nil
	}
	return config
}

// verifyPeer is the type of tls.Config.VerifyPeerCertificate.
type verifyPeer = func(certificates [][]byte, chains [][]*x509.Certificate) error

// ifPresented leaves out a check of names for clients without a certificate. It
// is not asked to when the file requires one.
func ifPresented(check verifyPeer) verifyPeer {
	return func(certificates [][]byte, chains [][]*x509.Certificate) error {
		if len(certificates) == 0 {
			return nil
		}
		return check(certificates, chains)
	}
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
