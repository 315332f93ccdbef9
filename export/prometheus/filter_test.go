package prometheus

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestFilterByName(t *testing.T) {
	all := fixed{
		family(metric.Descriptor{Name: "c_total", Kind: metric.Counter}, nil, intPoint(1)),
		family(metric.Descriptor{Name: "g", Kind: metric.Gauge}, nil, floatPoint(1)),
		family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, nil, histogramPoint(nil, []uint64{1}, 1)),
		family(metric.Descriptor{Name: "s", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount}, nil, extremesPoint(metric.SummaryPoint{Count: 1})),
		family(metric.Descriptor{Name: "x", Kind: metric.Histogram, Aggregation: metric.Exact}, nil, exactPoint(metric.ExactPoint{})),
	}
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{"c_total"}, "c_total"}, {[]string{"c"}, "c_total"}, {[]string{"c_created"}, "c_total"},
		{[]string{"c_total_created"}, ""}, {[]string{"c_total_total"}, ""},
		{[]string{"g"}, "g"}, {[]string{"g_sum"}, ""}, {[]string{"g_total"}, ""}, {[]string{"G"}, ""}, {[]string{""}, ""},
		{[]string{"h"}, "h"}, {[]string{"h_bucket"}, "h"}, {[]string{"h_sum"}, "h"}, {[]string{"h_count"}, "h"},
		{[]string{"h_created"}, "h"}, {[]string{"h_min"}, ""}, {[]string{"h_"}, ""},
		{[]string{"s_min"}, "s"}, {[]string{"s_max"}, "s"}, {[]string{"s_bucket"}, ""}, {[]string{"s_quantile"}, ""},
		{[]string{"x_quantile"}, "x"}, {[]string{"x_count"}, "x"}, {[]string{"x_max"}, ""},
		{[]string{"h_sum", "h_count", "nothing", "g"}, "g h"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/metrics?"+url.Values{"name[]": tt.names, "other": {"g"}}.Encode(), nil)
		recorder := httptest.NewRecorder()
		Handler(all, Options{}).ServeHTTP(recorder, request)
		var got []string
		for line := range strings.Lines(recorder.Body.String()) {
			if rest, found := strings.CutPrefix(line, "# TYPE "); found && !strings.Contains(line, "_min ") && !strings.Contains(line, "_max ") {
				name, _, _ := strings.Cut(rest, " ")
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got %q, want %q", tt.names, got, tt.want)
		}
	}
}

func TestFilteredFamiliesAreNotRead(t *testing.T) {
	unread := &metric.Family{Descriptor: metric.Descriptor{Name: "unread", Kind: metric.Gauge}, Points: func(func(*metric.Point) bool) {
		t.Error("a family that nobody asked for is read")
	}}
	recorder := httptest.NewRecorder()
	Handler(fixed{unread, oneGauge[0], unread}, Options{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics?name[]=a", nil))
	if recorder.Body.String() != oneGaugeText {
		t.Errorf("got %q", recorder.Body)
	}
}
