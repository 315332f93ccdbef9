package prom

import (
	"log/slog"
	"net/http"
	"sync"

	apiv1 "github.com/prometheus/prometheus/web/api/v1"
)

// noPath begins no path of the API.
const noPath = "-"

// description is what /openapi.yaml tells.
func (n *Node) description() apiv1.OpenAPIOptions {
	return apiv1.OpenAPIOptions{ExternalURL: "http://" + n.options.ListenAddress, Version: n.options.Version}
}

// describedNowhere keeps the API from describing itself when it is made, which
// would be most of a start and of the memory of an idle server: see describe.
func (n *Node) describedNowhere() apiv1.OpenAPIOptions {
	options := n.description()
	options.IncludePaths = []string{noPath}
	return options
}

// describe answers /openapi.yaml; the description is made when it is first asked for.
func describe(options apiv1.OpenAPIOptions, logger *slog.Logger) http.HandlerFunc {
	made := sync.OnceValue(func() *apiv1.OpenAPIBuilder { return apiv1.NewOpenAPIBuilder(options, logger) })
	return func(w http.ResponseWriter, r *http.Request) { made().ServeOpenAPI(w, r) }
}
