package prometheus

import "fmt"

// Format is a form of exposition.
type Format uint8

const (
	// Text is the Prometheus text format, version 0.0.4.
	Text Format = iota
	// OpenMetrics is the OpenMetrics text format, version 1.0.0. What is
	// written is valid as version 0.0.1 too.
	OpenMetrics
	// Protobuf is a sequence of io.prometheus.client.MetricFamily messages,
	// each preceded by its length. It alone carries native histograms.
	Protobuf
)

// ContentType is the media type of Text.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

const (
	openMetricsType    = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	openMetricsOldType = "application/openmetrics-text; version=0.0.1; charset=utf-8"
	protobufType       = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

// ContentType returns the format's media type with its parameters.
func (f Format) ContentType() string {
	switch f {
	case OpenMetrics:
		return openMetricsType
	case Protobuf:
		return protobufType
	}
	return ContentType
}

// String returns "text", "openmetrics" or "protobuf".
func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case OpenMetrics:
		return "openmetrics"
	case Protobuf:
		return "protobuf"
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// Created says whether the text formats tell since when a series counts.
type Created uint8

const (
	// WithoutCreated leaves that out of the text formats.
	WithoutCreated Created = iota
	// WithCreated adds a _created sample to every counter, histogram and
	// summary of OpenMetrics whose start is known. It is a series of its own to
	// the scraper, which so stores twice the series for counters.
	WithCreated
)
