package answer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFormatOf(t *testing.T) {
	tests := []struct {
		query, accept string
		want          Format
	}{
		{"", "", JSON},
		{"", "*/*", JSON},
		{"", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Page},
		{"", "text/plain", Text},
		{"", "text/plain;q=0.5, application/json", JSON},
		{"", "text/html;q=nonsense", Page},
		{"", "image/png, , ;q=1", JSON},
		{"?format=text", "text/html", Text},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/"+tt.query, nil)
		r.Header.Set("Accept", tt.accept)
		if got, err := FormatOf(r); err != nil || got != tt.want {
			t.Errorf("query %q, Accept %q: %s, %v, want %s", tt.query, tt.accept, got, err, tt.want)
		}
	}
	_, err := FormatOf(httptest.NewRequest(http.MethodGet, "/?format=xml", nil))
	if err == nil || !strings.Contains(err.Error(), `"xml"`) || !strings.Contains(err.Error(), "json, text or html") {
		t.Errorf("error %v, want one that names the value and what there is", err)
	}
}

func TestOneLine(t *testing.T) {
	if got := OneLine("a\nb\x1b[31m\tc\u202e"); strings.ContainsAny(got, "\n\t\x1b\u202e") || !strings.HasPrefix(got, "a b ") {
		t.Errorf("one line: %q", got)
	}
}
