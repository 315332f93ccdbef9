package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/metertree/metertree/server/internal/bind"
	"github.com/metertree/metertree/server/internal/crowd"
	"github.com/metertree/metertree/server/internal/inbound"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// shutdownGrace is how long a shutdown waits for requests in flight before it
// cuts them off.
const shutdownGrace = 2 * time.Second

// entrance is what requests come in by.
type entrance struct {
	listener net.Listener
	guard    *webconfig.Guard
	door     *inbound.Door
	log      *slog.Logger
}

// serve answers requests until the context ends, then lets them finish for a
// moment. An answer may take the time given.
func (e *entrance) serve(ctx context.Context, handler http.Handler, answerWithin time.Duration) error {
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	httpServer := &http.Server{
		Handler:           e.door.Around(handler),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      answerWithin,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
		ConnState:         crowd.Follow,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		err := httpServer.Shutdown(grace)
		endRequests()
		if errors.Is(err, context.DeadlineExceeded) {
			err = httpServer.Close()
		}
		stopped <- err
	})
	err := e.guard.Serve(httpServer, e.listener)
	if stop() {
		// Serving ended by itself: nobody asked for a shutdown.
		return fmt.Errorf("HTTP server on %s ended: %w", bind.Dialable(e.listener), err)
	}
	return <-stopped
}
