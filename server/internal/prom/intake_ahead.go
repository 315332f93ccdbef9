package prom

import (
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// samplesAhead counts the samples of a write request that lie after an instant.
// The endpoints refuse those of the future before the intake, which would count
// them, is asked. What cannot be decoded has none.
func samplesAhead(req *http.Request, body []byte, newest time.Time) int {
	if strings.Contains(req.URL.Path, "/otlp/") {
		return otlpAhead(req, body, newest)
	}
	message, err := snappy.Decode(nil, body)
	if err != nil {
		return 0
	}
	if isWriteV2(req) {
		return writeV2Ahead(message, newest.UnixMilli())
	}
	return writeV1Ahead(message, newest.UnixMilli())
}

func writeV1Ahead(message []byte, newest int64) (ahead int) {
	var request prompb.WriteRequest
	if request.Unmarshal(message) != nil {
		return 0
	}
	for _, series := range request.Timeseries {
		for _, sample := range series.Samples {
			ahead += after(sample.Timestamp, newest)
		}
		for _, sample := range series.Histograms {
			ahead += after(sample.Timestamp, newest)
		}
	}
	return ahead
}

func writeV2Ahead(message []byte, newest int64) (ahead int) {
	var request writev2.Request
	if request.Unmarshal(message) != nil {
		return 0
	}
	for _, series := range request.Timeseries {
		for _, sample := range series.Samples {
			ahead += after(sample.Timestamp, newest)
		}
		for _, sample := range series.Histograms {
			ahead += after(sample.Timestamp, newest)
		}
	}
	return ahead
}

// after is 1 if a time in milliseconds lies after another.
func after(t, newest int64) int {
	if t > newest {
		return 1
	}
	return 0
}

func otlpAhead(req *http.Request, body []byte, newest time.Time) (ahead int) {
	request := pmetricotlp.NewExportRequest()
	decode := request.UnmarshalProto
	if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind == "application/json" {
		decode = request.UnmarshalJSON
	}
	if decode(body) != nil {
		return 0
	}
	limit := pcommon.NewTimestampFromTime(newest)
	for _, resource := range request.Metrics().ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				ahead += pointsAhead(metric, limit)
			}
		}
	}
	return ahead
}

func pointsAhead(metric pmetric.Metric, newest pcommon.Timestamp) int {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return countAhead(metric.Gauge().DataPoints(), newest)
	case pmetric.MetricTypeSum:
		return countAhead(metric.Sum().DataPoints(), newest)
	case pmetric.MetricTypeHistogram:
		return countAhead(metric.Histogram().DataPoints(), newest)
	case pmetric.MetricTypeExponentialHistogram:
		return countAhead(metric.ExponentialHistogram().DataPoints(), newest)
	case pmetric.MetricTypeSummary:
		return countAhead(metric.Summary().DataPoints(), newest)
	}
	return 0
}

func countAhead[P interface{ Timestamp() pcommon.Timestamp }](points interface {
	At(int) P
	Len() int
}, newest pcommon.Timestamp) (ahead int) {
	for i := range points.Len() {
		if points.At(i).Timestamp() > newest {
			ahead++
		}
	}
	return ahead
}
