// Command otelcol is a real OpenTelemetry Collector for tests: an OTLP receiver
// whose metrics are written to a file as JSON. It is a module of its own, so that
// nobody who uses the integrations gets the Collector's requirements.
//
//	otelcol --config file:collector.yaml
package main

import (
	"fmt"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"
)

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol", Description: "OpenTelemetry Collector for tests", Version: "0.162.0"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
			DefaultScheme:     "file",
		}},
	})
	if err := command.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "otelcol:", err)
		os.Exit(1)
	}
}

// factories are the components that a configuration can name. The Collector's
// own telemetry is off.
func factories() (otelcol.Factories, error) {
	receiverOf, fileOf, readyOf := otlpreceiver.NewFactory(), newFileFactory(), newReadyFactory()
	return otelcol.Factories{
		Receivers:  map[component.Type]receiver.Factory{receiverOf.Type(): receiverOf},
		Exporters:  map[component.Type]exporter.Factory{fileOf.Type(): fileOf},
		Extensions: map[component.Type]extension.Factory{readyOf.Type(): readyOf},
		Telemetry:  telemetry.NewFactory(func() component.Config { return &struct{}{} }),
	}, nil
}
