package contextd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// shutdownGrace is how long requests in flight may go on when Serve ends.
const shutdownGrace = time.Second

// Serve runs the service and answers HTTP on the listener until the context ends,
// then lets requests finish and stores what was accepted. It closes the listener.
func (s *Service) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	// The ingestion outlives the requests, so it has a context of its own.
	ingestion, stopIngestion := context.WithCancel(context.WithoutCancel(ctx))
	defer stopIngestion()
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ingestion) }()
	go func() { ended <- serveHTTP(server, listener) }()

	var first error
	remaining := 2
	select {
	case <-ctx.Done():
	case first = <-ended:
		remaining--
	}
	shutdownErr := shutdown(context.WithoutCancel(ctx), server)
	stopIngestion()
	errs := []error{first, shutdownErr}
	for range remaining {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func serveHTTP(server *http.Server, listener net.Listener) error {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("contextd: HTTP on %s ended: %w", listener.Addr(), err)
	}
	return nil
}

// shutdown lets requests finish for a moment, then cuts them off.
func shutdown(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
