// Package answer is what the entry points for people share: which form of an
// answer a request asks for, and how pages and tables keep out what does not
// belong there.
package answer

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Format is a form of answer.
type Format string

// The forms of an answer.
const (
	JSON Format = "json"
	Text Format = "text"
	Page Format = "html"
)

// FormatOf returns what the request says with ?format=, or else prefers by its
// Accept header: JSON unless text/plain or text/html is wanted more.
func FormatOf(r *http.Request) (Format, error) {
	switch f := Format(r.URL.Query().Get("format")); f {
	case JSON, Text, Page:
		return f, nil
	case "":
		return preferred(r.Header.Values("Accept")), nil
	default:
		return JSON, fmt.Errorf("format %q is unknown: use json, text or html", string(f))
	}
}

// preferred returns the format with the greatest weight, and of several the one
// that is named first.
func preferred(accept []string) Format {
	best, weight := JSON, 0.0
	for media := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, parameters, _ := strings.Cut(media, ";")
		var f Format
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "application/json", "application/*", "*/*":
			f = JSON
		case "text/plain", "text/*":
			f = Text
		case "text/html":
			f = Page
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
