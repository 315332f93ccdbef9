package metertree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"syscall"
)

// listen opens the listener and makes the server, unless there is to be none or
// metrics are compiled out.
func (rt *Runtime) listen(ctx context.Context) error {
	if rt.config.Listen == NoListener || !rt.Scope().Enabled() {
		return nil
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", rt.config.Listen)
	if err != nil {
		return listenError(rt.config.Listen, err)
	}
	requests, abandon := context.WithCancel(context.WithoutCancel(ctx))
	rt.listener, rt.abandon = listener, abandon
	rt.server = &http.Server{
		Handler:           rt.config.Security.onListener(rt.handler, listener.Addr()),
		TLSConfig:         rt.config.Security.TLS.Clone(),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          serverLog(rt.config.Logger),
		ConnState:         rt.silent.follow,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	return nil
}

// listenError says what to do about an address that cannot be listened on.
func listenError(address string, err error) error {
	remedy := `set Config.Listen to host:port, or to "-" for no listener`
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = `stop the other process, or set Config.Listen to another address (":0" takes any free port, "-" none)`
	case errors.Is(err, syscall.EACCES):
		remedy = "choose a port above 1023 in Config.Listen, or allow the process to bind lower ones"
	}
	return fmt.Errorf("cannot serve metrics on %q: %w: %s", address, err, remedy)
}

// serverLog hands what net/http complains about to the logger, if there is one.
func serverLog(logger *slog.Logger) *log.Logger {
	if logger == nil {
		return log.New(io.Discard, "", 0)
	}
	return slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
}
