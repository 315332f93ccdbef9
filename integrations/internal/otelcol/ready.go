package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
)

// readyConfig is the configuration of the extension "ready".
type readyConfig struct {
	// Endpoint is the address to listen on.
	Endpoint string `mapstructure:"endpoint"`
}

// newReadyFactory makes the extension "ready", which answers every request with
// 200 once the receivers listen.
func newReadyFactory() extension.Factory {
	return extension.NewFactory(component.MustNewType("ready"),
		func() component.Config { return &readyConfig{} },
		func(_ context.Context, _ extension.Settings, config component.Config) (extension.Extension, error) {
			return &ready{endpoint: config.(*readyConfig).Endpoint}, nil
		}, component.StabilityLevelStable)
}

// ready is the extension.
type ready struct {
	component.StartFunc
	endpoint string
	server   *http.Server
	served   chan error
}

var _ extensioncapabilities.PipelineWatcher = (*ready)(nil)

// Ready begins to listen.
func (r *ready) Ready() error {
	listener, err := net.Listen("tcp", r.endpoint)
	if err != nil {
		return fmt.Errorf("extension ready: choose a free endpoint: %w", err)
	}
	r.server = &http.Server{
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ReadHeaderTimeout: time.Minute,
	}
	r.served = make(chan error, 1)
	go func() { r.served <- r.server.Serve(listener) }()
	return nil
}

// NotReady does nothing: Shutdown follows.
func (r *ready) NotReady() error { return nil }

// Shutdown stops listening.
func (r *ready) Shutdown(context.Context) error {
	if r.server == nil {
		return nil
	}
	err := r.server.Close()
	if served := <-r.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
