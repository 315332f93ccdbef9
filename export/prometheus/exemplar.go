package prometheus

import (
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

const (
	traceKey = "trace_id"
	spanKey  = "span_id"
	// maxExemplar is how many characters the names and values of an exemplar's
	// labels may have together.
	maxExemplar = 128
)

// exemplarLabels returns what an exemplar's labels hold within the limit: the
// span is left out first. Without a trace there is nothing to show.
func exemplarLabels(e *metric.Exemplar) (trace, span string, ok bool) {
	size := len(traceKey) + characters(e.TraceID)
	if e.TraceID == "" || size > maxExemplar {
		return "", "", false
	}
	if size+len(spanKey)+characters(e.SpanID) > maxExemplar {
		return e.TraceID, "", true
	}
	return e.TraceID, e.SpanID, true
}

// characters counts what is written for a value: see package lossless for bytes that
// are not UTF-8.
func characters(s string) int { return utf8.RuneCountInString(lossless.UTF8(s)) }

// appendExemplar writes an exemplar behind a bucket's value.
func appendExemplar(b []byte, e *metric.Exemplar) []byte {
	trace, span, ok := exemplarLabels(e)
	if !ok {
		return b
	}
	b = append(b, ` # {trace_id="`...)
	b = appendEscaped(b, trace)
	if span != "" {
		b = append(b, `",span_id="`...)
		b = appendEscaped(b, span)
	}
	b = append(b, `"} `...)
	b = appendFloat(b, e.Value)
	if e.Time.IsZero() {
		return b
	}
	return appendTime(append(b, ' '), e.Time)
}
