package webconfig

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/metertree/metertree/internal/answer"
)

// Options say who may reach a listener. The zero value serves plain HTTP to
// whoever reaches it, and lets requests that change something in on loopback
// only.
type Options struct {
	// ConfigFile is a web configuration file of exporter-toolkit: TLS, client
	// certificates, users, headers. Empty for none.
	ConfigFile string
	// TokenFile holds the bearer tokens of those who may change something. Empty
	// for none.
	TokenFile string
	// Hosts are names under which the listener is reached, beside IP addresses and
	// localhost. If there are any, and on loopback always, others are refused.
	Hosts []string
	// AnonymousWrites lets whoever reaches a listener beyond loopback change
	// something, without credentials.
	AnonymousWrites bool
}

// Settings are what a program says about its listener.
type Settings struct {
	// Changes reports whether a request changes something; nil means that none
	// does. It is asked about requests that nobody has authenticated yet.
	Changes func(*http.Request) bool
	// MaxRequestBytes bounds the body of every request, compressed.
	MaxRequestBytes int64
	// Logger hears of files that cannot be used any more.
	Logger *slog.Logger
}

// Guard stands before a listener's pages.
type Guard struct {
	options  Options
	settings Settings
	tokens   *tokens // nil without a file
	facts    facts   // of the start
	loopback bool
}

// New reads the files and checks that the listener at this address may be opened
// to what it serves. An error says in one line what is wrong and what to change.
func New(options Options, settings Settings, address net.Addr) (*Guard, error) {
	g := &Guard{options: options, settings: settings, loopback: answer.IsLoopback(address.String())}
	if options.TokenFile != "" {
		g.tokens = &tokens{file: options.TokenFile, logger: settings.Logger}
		if err := g.tokens.check(); err != nil {
			return nil, err
		}
	}
	if options.ConfigFile != "" {
		read, err := newToolkit(options.ConfigFile, http.NotFoundHandler(), settings.Logger)
		if err != nil {
			return nil, err
		}
		g.facts, err = readFacts(read.file)
		if err != nil {
			return nil, err
		}
	}
	return g, g.checkExposure(address)
}

// checkExposure refuses to let anybody write from anywhere, unless that is asked
// for.
func (g *Guard) checkExposure(address net.Addr) error {
	credentials := g.tokens != nil || g.facts.users || g.facts.certificates
	switch {
	case g.loopback:
	case g.settings.Changes == nil:
	case !credentials && !g.options.AnonymousWrites:
		return fmt.Errorf("listen address %q is reached from other machines, which could write without credentials: "+
			"give --web.push-token-file, or --web.config.file with users or client certificates; "+
			"or listen on 127.0.0.1; or accept it with --web.allow-anonymous-writes", address)
	case credentials && !g.facts.tls:
		g.settings.Logger.Warn("passwords and tokens cross the network in the clear: give a certificate with --web.config.file", "address", address.String())
	}
	return nil
}

// Scheme is that of the listener's URLs.
func (g *Guard) Scheme() string {
	if g.facts.tls {
		return "https"
	}
	return "http"
}

// Serve runs the server on the listener, by TLS if the file says so, with the
// guard before its handler. It returns what http.Server.Serve returns.
func (g *Guard) Serve(server *http.Server, listener net.Listener) error {
	pages := server.Handler
	inner := g.authenticate(pages)
	if g.options.ConfigFile == "" {
		server.Handler = g.around(inner)
		return server.Serve(listener)
	}
	read, err := newToolkit(g.options.ConfigFile, inner, g.settings.Logger)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server.Handler = g.around(g.pastUsers(pages, read.handler))
	if read.tls == nil {
		return server.Serve(listener)
	}
	// What the server speaks without TLS is no matter here.
	server.Protocols = &http.Protocols{}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(read.http2)
	server.TLSConfig = read.tls
	return server.ServeTLS(listener, "", "") // the certificates are in TLSConfig
}

// around is what every request passes first, and what every answer gets.
func (g *Guard) around(next http.Handler) http.Handler {
	next = answer.SameOrigin(next)
	if g.loopback || len(g.options.Hosts) > 0 {
		next = answer.Hosts{Names: g.options.Hosts, Remedy: "ask for it by its address, or allow the name with --web.allow-host"}.Only(next)
	}
	return answer.WithHeaders(http.MaxBytesHandler(next, g.settings.MaxRequestBytes))
}

// pastUsers lets requests that change something in by their token, which has the
// place in the header where a user's password would be.
func (g *Guard) pastUsers(pages, users http.Handler) http.Handler {
	if g.tokens == nil {
		return users
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.changes(r) && g.tokens.accepts(r) {
			pages.ServeHTTP(w, r)
			return
		}
		users.ServeHTTP(w, r)
	})
}

// authenticate asks those for credentials who want to change something.
func (g *Guard) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.changes(r) && !g.mayChange(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="metertree"`)
			http.Error(w, "this changes something, and needs credentials: a bearer token of --web.push-token-file, "+
				"or a user or client certificate of --web.config.file", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Guard) changes(r *http.Request) bool {
	return g.settings.Changes != nil && g.settings.Changes(r)
}

// mayChange is asked about what users has let through, if there are any.
func (g *Guard) mayChange(r *http.Request) bool {
	if g.tokens != nil && g.tokens.accepts(r) {
		return true
	}
	now := facts{}
	if g.options.ConfigFile != "" {
		var err error
		if now, err = readFacts(g.options.ConfigFile); err != nil {
			return false
		}
	}
	switch {
	case now.users, now.certificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0:
		return true
	case g.tokens != nil || now.certificates:
		return false
	default:
		return g.loopback || g.options.AnonymousWrites
	}
}
