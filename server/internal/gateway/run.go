package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/server/internal/bind"
	"github.com/metertree/metertree/server/internal/crowd"
	"github.com/metertree/metertree/server/internal/inbound"
	"github.com/metertree/metertree/server/internal/redact"
	"github.com/metertree/metertree/server/internal/webconfig"
)

const (
	// shutdownGrace is how long a shutdown waits for pushes in work.
	shutdownGrace = 5 * time.Second
	// answerWithin is how long a request may take as a whole.
	answerWithin = 90 * time.Second
)

// Run serves until the context ends. It then answers what is in work, saves the
// state and returns nil. An error found at the start says in one line what is
// wrong and what to change.
func Run(ctx context.Context, options Options) error {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	options.Logger = redact.Logger(options.Logger)
	if err := options.Check(); err != nil {
		return err
	}
	listener, err := bind.Listen(options.ListenAddress, DefaultListenAddress)
	if err != nil {
		return err
	}
	guard, err := webconfig.New(options.Web, webconfig.Settings{
		Changes: pushes,
		// What is larger by more than the pushes' own limit is refused unread.
		MaxRequestBytes: options.MaxPushBytes + 1,
		Logger:          options.Logger,
	}, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	gate := &gate{}
	served := make(chan error, 1)
	go func() {
		defer stop()
		served <- serveHTTP(ctx, listener, guard, gate, options.Logger)
	}()
	g, err := Open(options)
	if err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	door, err := inbound.New(meter.New(g.self.registry).Scope("metertree"), listener, options.Logger)
	if err != nil {
		stop()
		return errors.Join(fmt.Errorf("own metrics: %w", err), <-served, g.Close())
	}
	gate.open(door.Around(newHandler(g)))
	url := guard.Scheme() + "://" + bind.Dialable(listener) + "/"
	options.Logger.Info("ready", "url", url)
	if options.OnReady != nil {
		options.OnReady(url)
	}
	// Nothing is pushed any more when the state is saved.
	return errors.Join(<-served, g.Close())
}

// pushes reports whether a request changes something.
func pushes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// gate answers the liveness probe while the state is restored, and to everything
// else that the gateway is starting.
type gate struct{ next atomic.Pointer[http.Handler] }

func (g *gate) open(next http.Handler) { g.next.Store(&next) }

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if next := g.next.Load(); next != nil {
		(*next).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/-/healthy" {
		answer(w, "healthy")
		return
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, "starting: the state is being restored", http.StatusServiceUnavailable)
}

// serveHTTP serves HTTP/1 and HTTP/2, with and without TLS, behind the guard until
// the context ends, and lets requests finish for a moment.
func serveHTTP(ctx context.Context, listener net.Listener, guard *webconfig.Guard, handler http.Handler, log *slog.Logger) error {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // gRPC without TLS
	server := &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 64},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      answerWithin,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ConnState:         crowd.Follow,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		err := server.Shutdown(grace)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		stopped <- err
	})
	err := guard.Serve(server, listener)
	if stop() {
		// Serving ended by itself: nobody asked for a shutdown.
		return fmt.Errorf("HTTP server on %s ended: %w", bind.Dialable(listener), err)
	}
	return <-stopped
}
