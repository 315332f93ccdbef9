// Package otelapi is OpenTelemetry's metrics API on a metertree registry: code
// that was written against go.opentelemetry.io/otel/metric records into the
// registry unchanged, and every exporter of the registry shows it.
//
//	provider, err := otelapi.New(registry, otelapi.Options{})
//	otel.SetMeterProvider(provider)
//
// Names and units become those that OpenTelemetry's rules for Prometheus ask for;
// http.server.request.duration in s is http_server_request_duration_seconds. The
// instrumentation scope becomes the labels otel_scope_name, otel_scope_version,
// otel_scope_schema_url and otel_scope_ with the key of each attribute; resource
// attributes become the labels of the metric target_info.
//
// Each attribute set has a series of its own. Attributes become labels; a label
// that only some of an instrument's sets have is empty in the others. Two sets
// that are not equal never share a series: where their labels would be the same,
// as those of the int 80 and the string "80" are, the one that comes later gets
// the label otel_attributes, which holds it in full. Beyond the cardinality limit
// sets are merged into the series with the label otel_metric_overflow.
//
// An update with a prepared attribute set, or with none, allocates nothing, and
// neither takes a lock once its series exists. A decrease of a counter and values
// that are not finite are dropped and counted, as everywhere in the registry.
package otelapi
