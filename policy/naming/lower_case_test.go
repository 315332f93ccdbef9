package naming

import "testing"

func TestLowerCase(t *testing.T) {
	testRule(t, "case", Options{}, []example{
		{named(Counter, "http_requests_total"), ""},
		{named(Counter, "httpRequests_total"), "http_requests_total"},
		{named(Counter, "HTTPRequestsTotal"), "http_requests_total"},
		{named(Gauge, "node_memory_MemFree_bytes"), "node_memory_mem_free_bytes"},
		{named(Gauge, "a__b"), ": a_b"},
		{named(Gauge, "a_b_"), ": a_b"},
		{named(Gauge, "http.server-duration"), ": http_server_duration"},
		{named(Gauge, "job:a_b:rate5m"), ""},
		{labelled(Gauge, "a_b", "service.name"), "label service.name: use lower case with single underscores: service_name"},
		{labelled(Gauge, "a_b", "taskType"), "label taskType: use lower case with single underscores: task_type"},
		{labelled(Gauge, "a_b", "task_type"), ""},
		{labelled(Gauge, "a_b", "__name"), ""},
	})
}
