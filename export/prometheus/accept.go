package prometheus

import (
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// element is one of the things that a header such as Accept lists.
type element struct {
	// value is in lower case.
	value      string
	parameters string
	// q is the weight, from 0 to 1.
	q float64
}

// elements yields what the lines of a header list. An element whose weight makes
// no sense has the weight 0.
func elements(header http.Header, name string) iter.Seq[element] {
	return func(yield func(element) bool) {
		for _, line := range header.Values(name) {
			for part := range split(line, ',') {
				value, parameters, _ := strings.Cut(part, ";")
				e := element{strings.ToLower(strings.TrimSpace(value)), parameters, 1}
				for key, q := range pairs(parameters) {
					if key == "q" {
						e.q = weight(q)
					}
				}
				if e.value != "" && !yield(e) {
					return
				}
			}
		}
	}
}

// split yields the parts of s between separators that are not within quotes.
func split(s string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		from, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == '"':
				quoted = !quoted
			case c == '\\' && quoted:
				i++
			case c == separator && !quoted:
				if !yield(s[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(s[from:])
	}
}

// pairs yields the parameters key=value; keys in lower case, values without
// their quotes.
func pairs(parameters string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for part := range split(parameters, ';') {
			key, value, _ := strings.Cut(part, "=")
			value = strings.TrimSpace(value)
			if unquoted, err := strconv.Unquote(value); err == nil && value[0] == '"' {
				value = unquoted
			}
			if key = strings.ToLower(strings.TrimSpace(key)); key != "" && !yield(key, value) {
				return
			}
		}
	}
}

// weight reads the value of q; what is none is 0.
func weight(value string) float64 {
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !(q > 0 && q <= 1) {
		return 0
	}
	return q
}

// offer is one of the media types that can be answered with.
type offer struct {
	format      Format
	contentType string
	mediaType   string
	parameters  map[string]string
}

// offers are in the order of preference among equals.
var offers = []offer{
	{Text, ContentType, "text/plain", map[string]string{"version": "0.0.4"}},
	{OpenMetrics, openMetricsType, "application/openmetrics-text", map[string]string{"version": "1.0.0"}},
	{OpenMetrics, openMetricsOldType, "application/openmetrics-text", map[string]string{"version": "0.0.1"}},
	{Protobuf, protobufType, "application/vnd.google.protobuf", map[string]string{
		"proto": "io.prometheus.client.MetricFamily", "encoding": "delimited"}},
}

// negotiate returns what to answer a request with: of what it accepts, what it
// gives the greatest weight, and among equals what it names most exactly. One
// that accepts nothing there is gets the text format, which scrapers take for
// granted.
func negotiate(header http.Header) offer {
	best, bestQ, bestFit := offers[0], 0.0, 0
	for _, o := range offers {
		q, fit := o.acceptance(header)
		if q > bestQ || q == bestQ && q > 0 && fit > bestFit {
			best, bestQ, bestFit = o, q, fit
		}
	}
	return best
}

// acceptance returns the weight that a request gives the offer, which is that of
// the element that fits it most exactly, and how exactly.
func (o offer) acceptance(header http.Header) (q float64, fit int) {
	for e := range elements(header, "Accept") {
		if f := o.fit(e); f > fit {
			q, fit = e.q, f
		}
	}
	return q, fit
}

// fit tells how exactly an element describes the offer, and 0 if it does not.
// Only the parameters that tell formats apart count.
func (o offer) fit(e element) int {
	kind, _, _ := strings.Cut(o.mediaType, "/")
	switch e.value {
	case "*/*":
		return 1
	case kind + "/*":
		return 2
	case o.mediaType:
	default:
		return 0
	}
	fit := 3
	for key, value := range pairs(e.parameters) {
		want, known := o.parameters[key]
		switch {
		case !known:
		case !strings.EqualFold(value, want):
			return 0
		default:
			fit++
		}
	}
	return fit
}
