// Package explorer puts the explorer page in front of what the server stores.
package explorer

import (
	"net/http"

	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/web"
)

// Paths are the patterns the page and its JSON answer to. None of them is a path
// of the Prometheus HTTP API, so both live on one listener.
func Paths() []string {
	return []string{"/{$}", "/static/", "/api/v1/tree", "/api/v1/tree/"}
}

// Mount registers the explorer over the source on a mux.
func Mount(mux *http.ServeMux, source tree.Source) {
	h := web.Handler(source, web.Options{})
	for _, path := range Paths() {
		mux.Handle(path, h)
	}
}
