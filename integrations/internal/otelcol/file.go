package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// fileConfig is the configuration of the exporter "jsonl".
type fileConfig struct {
	// Path is the file that lines are appended to.
	Path string `mapstructure:"path"`
}

// newFileFactory makes the exporter "jsonl", which appends each request to a file
// as a line of OTLP JSON. Without a queue before it, a request is answered once
// its line is written: what was acknowledged is in the file, also when the process
// is killed after that.
func newFileFactory() exporter.Factory {
	return exporter.NewFactory(component.MustNewType("jsonl"),
		func() component.Config { return &fileConfig{} },
		exporter.WithMetrics(newFile, component.StabilityLevelStable))
}

// file is the exporter. The receiver calls it from several goroutines.
type file struct {
	path    string
	encoder pmetric.JSONMarshaler
	mu      sync.Mutex
	out     *os.File
}

func newFile(_ context.Context, _ exporter.Settings, config component.Config) (exporter.Metrics, error) {
	return &file{path: config.(*fileConfig).Path}, nil
}

// Start opens the file.
func (f *file) Start(context.Context, component.Host) (err error) {
	if f.out, err = os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666); err != nil {
		return fmt.Errorf("exporter jsonl: give a path that can be written to: %w", err)
	}
	return nil
}

// Shutdown closes the file.
func (f *file) Shutdown(context.Context) error {
	if f.out == nil {
		return nil
	}
	return f.out.Close()
}

// Capabilities implements consumer.Metrics.
func (f *file) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeMetrics writes a line. It is one write, so that a line is whole or not
// there.
func (f *file) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	line, err := f.encoder.MarshalMetrics(metrics)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err = f.out.Write(append(line, '\n'))
	return err
}
