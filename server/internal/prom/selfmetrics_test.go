package prom

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetricsHandler(t *testing.T) {
	node, _ := startNode(t, testOptions(t), emptyConfig())
	// Metrics of other code on the default registry are none of ours.
	foreign := prometheus.NewGauge(prometheus.GaugeOpts{Name: "foreign_thing", Help: "x"})
	prometheus.MustRegister(foreign)
	t.Cleanup(func() { prometheus.Unregister(foreign) })

	handler := node.MetricsHandler(
		func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "# HELP own_thing Own.\n# TYPE own_thing gauge\nown_thing 1\n")
			return err
		},
		func(context.Context, io.Writer) error {
			return errors.New("a failing writer ends the answer, not the server")
		},
	)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	for _, want := range []string{"own_thing", "prometheus_tsdb_head_series", "prometheus_engine_queries", "prometheus_remote_storage_samples_in_total", "metertree_ingest_refused_samples_total"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, name := range names {
		if name == "foreign_thing" || strings.HasPrefix(name, "prometheus_treecache") {
			t.Errorf("%s does not belong to the server", name)
		}
	}
}
