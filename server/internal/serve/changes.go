package serve

import (
	"net/http"

	"github.com/metertree/metertree/server/internal/prom"
)

// maxRequestBytes bounds every request's body. Receivers, which may have a lower
// limit, find that there is more than they take.
const maxRequestBytes = prom.MaxRequestLimit + 1

// asked are the paths to which a question may be posted, because it can be too
// long for an address.
var asked = map[string]bool{
	"/api/v1/format_query":    true,
	"/api/v1/labels":          true,
	"/api/v1/parse_query":     true,
	"/api/v1/query":           true,
	"/api/v1/query_exemplars": true,
	"/api/v1/query_range":     true,
	"/api/v1/read":            true, // remote read
	"/api/v1/series":          true,
}

// changes reports whether a request changes something: all do that are not known
// to ask.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return r.Method != http.MethodPost || !asked[r.URL.Path]
}
