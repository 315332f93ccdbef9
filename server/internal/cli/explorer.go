package cli

import (
	"net/http"

	"github.com/metertree/metertree/server/internal/explorer"
	"github.com/metertree/metertree/server/internal/prom"
)

// mountExplorer puts the explorer page, over what the node stores, at /.
func mountExplorer(mux *http.ServeMux, node *prom.Node) {
	explorer.Mount(mux, node.TreeSource(prom.TreeSourceOptions{}))
}
