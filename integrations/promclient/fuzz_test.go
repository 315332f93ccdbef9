package promclient_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	text "github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/promclient"
	"github.com/metertree/metertree/registry"
)

// FuzzImport imports whatever another library's text can say. The registry stays
// readable, and a counter or gauge without labels keeps its value.
func FuzzImport(f *testing.F) {
	f.Add("# TYPE a counter\na 3\n# TYPE g gauge\ng{x=\"1\"} NaN\ng{y=\"\"} +Inf\n")
	f.Add("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum -1\nh_count 9\n")
	f.Add("# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\ns_sum_sum 1\n# TYPE s_count counter\ns_count 1\n")
	f.Add("{\"a.b\",\"c d\"=\"e\"} 1\nmetertree_x 1\nle{le=\"x\",quantile=\"y\"} 2 1700000000000\n")
	f.Fuzz(func(t *testing.T, exposition string) {
		families, err := readFamilies(exposition)
		if err != nil {
			return
		}
		list := make([]*dto.MetricFamily, 0, len(families))
		for _, name := range slices.Sorted(maps.Keys(families)) {
			list = append(list, families[name])
		}
		r := registry.New(registry.Options{})
		importer, err := promclient.Import(r, prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return list, nil }), promclient.ImportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := importer.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		for range 2 {
			var b bytes.Buffer
			if _, err := text.Write(t.Context(), &b, r.Collect(t.Context())); err != nil {
				t.Fatal(err)
			}
			again, err := readFamilies(b.String())
			if err != nil {
				t.Fatalf("%q is imported as what cannot be read: %v in %s", exposition, err, b.Bytes())
			}
			sameNumbers(t, list, again)
		}
	})
}

// readFamilies reads a text. The parser panics at some that are none, such as {}.
func readFamilies(exposition string) (families map[string]*dto.MetricFamily, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the parser panics: %v", cause)
		}
	}()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(strings.NewReader(exposition))
}

// sameNumbers checks the values of those that came through as they were.
func sameNumbers(t *testing.T, theirs []*dto.MetricFamily, ours map[string]*dto.MetricFamily) {
	t.Helper()
	for _, want := range theirs {
		got := ours[want.GetName()]
		if got == nil || got.GetType() != want.GetType() || len(want.GetMetric()) != 1 || len(want.GetMetric()[0].GetLabel()) > 0 || strings.HasPrefix(want.GetName(), "metertree_") {
			continue
		}
		w, g := want.GetMetric()[0], got.GetMetric()[0]
		if v := w.GetGauge().GetValue(); v == v && g.GetGauge().GetValue() != v || w.GetCounter().GetValue() > 0 && g.GetCounter().GetValue() != w.GetCounter().GetValue() {
			t.Fatalf("%v is imported as %v", w, g)
		}
	}
}
