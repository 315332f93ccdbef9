package prom

import (
	"context"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// MetricsWriter writes a Prometheus text exposition (version 0.0.4) of metrics
// whose names none of the embedded components use.
type MetricsWriter func(context.Context, io.Writer) error

// textFormat is what MetricsHandler answers, whatever the scraper accepts, so
// that expositions of different origin can follow one another.
var textFormat = expfmt.NewFormat(expfmt.TypeTextPlain)

// MetricsHandler serves the server's own metrics: those of the embedded
// components, then what each of more writes.
func (n *Node) MetricsHandler(more ...MetricsWriter) http.Handler {
	gatherer := n.gatherer()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		families, err := gatherer.Gather()
		if err != nil && len(families) == 0 {
			http.Error(w, "metrics cannot be gathered: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", string(textFormat))
		encoder := expfmt.NewEncoder(w, textFormat)
		for _, family := range families {
			if err := encoder.Encode(family); err != nil {
				return // the scraper has gone
			}
		}
		for _, write := range more {
			if err := write(r.Context(), w); err != nil {
				return
			}
		}
	})
}

// gatherer reads the metrics of the embedded components.
func (n *Node) gatherer() prometheus.Gatherer {
	return redactedURLs(prometheus.Gatherers{n.registry, forwarderMetrics})
}
