package prometheus

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

// FuzzFilter holds that whatever names are asked for, the answer is a part of the
// whole exposition in its order, in which each sample that is asked for by its
// name is.
func FuzzFilter(f *testing.F) {
	f.Add("c_total", "h_bucket")
	f.Add("c", "x_quantile")
	f.Add("s_min", "")
	f.Add("_total_created_sum", "\xff&name[]=g")
	all := fixed{
		family(metric.Descriptor{Name: "c_total", Kind: metric.Counter}, nil, intPoint(1)),
		family(metric.Descriptor{Name: "g", Kind: metric.Gauge}, nil, floatPoint(1)),
		family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, nil, histogramPoint(nil, []uint64{1}, 1)),
		family(metric.Descriptor{Name: "s", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}, nil, extremesPoint(metric.SummaryPoint{Count: 1})),
		family(metric.Descriptor{Name: "x", Kind: metric.Histogram, Aggregation: metric.Exact}, nil, exactPoint(metric.ExactPoint{})),
	}
	h := Handler(all, Options{})
	ask := func(query url.Values) []string {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.URL.RawQuery = query.Encode()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return slices.Collect(strings.Lines(w.Body.String()))
	}
	whole := ask(nil)
	f.Fuzz(func(t *testing.T, one, two string) {
		part := ask(url.Values{filterKey: {one, two}})
		rest := whole
		for _, line := range part {
			at := slices.Index(rest, line)
			if at < 0 {
				t.Fatalf("%q, %q: the line %q is not of the exposition, or out of order", one, two, line)
			}
			rest = rest[at+1:]
		}
		for _, line := range whole {
			name := line[:strings.IndexAny(line, "{ ")] // of a comment #
			if name != "#" && (name == one || name == two) && !slices.Contains(part, line) {
				t.Fatalf("%q, %q: without %q", one, two, line)
			}
		}
	})
}
