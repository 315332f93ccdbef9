package stats

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// format is how a page is written.
type format string

const (
	asJSON format = "json"
	asText format = "text"
	asPage format = "html"
)

// formatOf returns what the request says with ?format=, or else prefers by its
// Accept header: JSON unless text/plain or text/html is wanted more.
func formatOf(r *http.Request) (format, error) {
	switch f := format(r.URL.Query().Get("format")); f {
	case asJSON, asText, asPage:
		return f, nil
	case "":
		return preferred(r.Header.Values("Accept")), nil
	default:
		return asJSON, fmt.Errorf("format %q is unknown: use json, text or html", string(f))
	}
}

// preferred returns the format with the greatest weight, and of several the one
// that is named first.
func preferred(accept []string) format {
	best, weight := asJSON, 0.0
	for media := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, parameters, _ := strings.Cut(media, ";")
		var f format
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "application/json", "application/*", "*/*":
			f = asJSON
		case "text/plain", "text/*":
			f = asText
		case "text/html":
			f = asPage
		default:
			continue
		}
		if q := quality(parameters); q > weight {
			best, weight = f, q
		}
	}
	return best
}

// quality returns the weight among the parameters of a media range, 1 if there is
// none that can be read.
func quality(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}
