package naming

import "testing"

func TestLabelInName(t *testing.T) {
	testRule(t, "label-in-name", Options{}, []example{
		{labelled(Gauge, "queue_depth", "queue"), ""},
		{labelled(Counter, "http_requests_total", "method"), ""},
		{labelled(Counter, "http_requests_by_method_total", "method"), "repeats label method"},
		{labelled(Counter, "http_requests_per_task_type_total", "task_type"), "repeats label task_type"},
		{labelled(Counter, "http_requests_status_total", "status"), "ends in its label status"},
		{labelled(Counter, "disk_read_device_bytes_total", "device"), "ends in its label device"},
		{labelled(Gauge, "log_level", "level"), ""},
		{labelled(Info, "go_build_version", "version"), ""},
	})
}
