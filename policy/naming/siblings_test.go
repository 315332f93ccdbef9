package naming

import (
	"fmt"
	"strings"
	"testing"
)

func counters(names ...string) (metrics []Metric) {
	for _, name := range names {
		metrics = append(metrics, named(Counter, name))
	}
	return metrics
}

func TestFindSiblings(t *testing.T) {
	for name, test := range map[string]struct {
		metrics []Metric
		want    string
	}{
		"a number behind a noun": {counters("service_1_http_requests_total", "service_2_http_requests_total", "service_10_http_requests_total"),
			"http_requests_total{service}: 10 1 2"},
		"a number within a word": {counters("buffer_shard0_bytes_total", "buffer_shard1_bytes_total"), "buffer_bytes_total{shard}: 0 1"},
		"a number in the middle": {counters("store_shard_1_bytes_total", "store_shard_2_bytes_total"), "store_bytes_total{shard}: 1 2"},
		"a number of nothing":    {counters("shop_1_orders_total", "shop_2_orders_total"), "shop_orders_total{index}: 1 2"},
		"codes":                  {counters("http_200_responses_total", "http_404_responses_total"), "http_responses_total{code}: 200 404"},
		"classes":                {counters("http_responses_2xx_total", "http_responses_5xx_total"), "http_responses_total{code}: 2xx 5xx"},
		"versions":               {counters("api_v1_requests_total", "api_v2_requests_total"), "api_requests_total{version}: 1 2"},
		"callers": {counters("checkout_http_requests_total", "billing_http_requests_total", "checkout_http_errors_total", "billing_http_errors_total"),
			"http_errors_total{service}: billing checkout?; http_requests_total{service}: billing checkout?"},
		"callers named services": {counters("user_service_http_requests_total", "order_service_http_requests_total", "user_service_http_errors_total", "order_service_http_errors_total"),
			"http_errors_total{service}: order user?; http_requests_total{service}: order user?"},
		"callers behind a prefix": {counters("app_cart_client_calls_total", "app_mail_client_calls_total", "app_cart_client_errors_total", "app_mail_client_errors_total"),
			"app_client_calls_total{service}: cart mail?; app_client_errors_total{service}: cart mail?"},

		"one pair alone says nothing": {counters("checkout_http_requests_total", "billing_http_requests_total"), ""},
		"what is measured":            {counters("http_server_requests_total", "http_server_errors_total", "http_server_retries_total"), ""},
		"hits and misses":             {counters("cache_read_hits_total", "cache_read_misses_total", "cache_write_hits_total", "cache_write_misses_total"), ""},
		"libraries":                   {counters("go_http_requests_total", "process_http_requests_total", "go_http_errors_total", "process_http_errors_total"), ""},
		"quantiles":                   {counters("http_latency_p50", "http_latency_p99"), ""},
		"short names":                 {counters("node_load1", "node_load5", "node_load15"), ""},
		"different kinds":             {[]Metric{named(Counter, "a_1_b_total"), named(Gauge, "a_2_b_total")}, ""},
		"different labels":            {[]Metric{labelled(Counter, "a_1_b_total", "x"), labelled(Counter, "a_2_b_total", "y")}, ""},
		"one of a kind":               {counters("http2_client_streams_total", "sha256_sum_total"), ""},
	} {
		var got []string
		for _, s := range FindSiblings(test.metrics) {
			line := fmt.Sprintf("%s{%s}:", s.Name, s.Label)
			for _, m := range s.Members {
				line += " " + m.Value
			}
			if !s.Certain {
				line += "?"
			}
			got = append(got, line)
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, "; "), test.want)
		}
	}
}

// No metric is in two sets, whatever its name.
func FuzzFindSiblings(f *testing.F) {
	f.Add("a_1_b a_2_b a_1_c a_2_c")
	f.Add("s_1_shard_1_x s_1_shard_2_x s_2_shard_1_x s_2_shard_2_x")
	f.Add("a_http_x b_http_x a_http_y b_http_y c_http_y")
	f.Add("___ _1_ _2_ 1_1_1 1_1_2")
	f.Fuzz(func(t *testing.T, names string) {
		metrics := counters(strings.Fields(names)...)
		seen := map[string]bool{}
		for _, s := range FindSiblings(metrics) {
			if len(s.Members) < 2 || s.Label == "" {
				t.Errorf("siblings %+v", s)
			}
			values := map[string]bool{}
			for _, m := range s.Members {
				if seen[m.Metric] || values[m.Value] {
					t.Errorf("%q is there twice: %+v", m, s)
				}
				seen[m.Metric], values[m.Value] = true, true
			}
		}
	})
}
