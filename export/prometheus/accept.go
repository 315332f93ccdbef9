package prometheus

import (
	"net/http"
	"strconv"
	"strings"
)

// acceptsGzip reports whether a request's Accept-Encoding allows gzip, by name
// or by *, with a weight that is not zero.
func acceptsGzip(header http.Header) bool {
	var any bool
	for _, line := range header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return weight(parameters) > 0
			case "*":
				any = weight(parameters) > 0
			}
		}
	}
	return any
}

// weight reads q=…; without one it is 1, and one that is no number is 0.
func weight(parameters string) float64 {
	name, value, found := strings.Cut(strings.TrimSpace(parameters), "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}
