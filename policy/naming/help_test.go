package naming

import "testing"

func TestHelp(t *testing.T) {
	testRule(t, "help", Options{}, []example{
		{Metric{Name: "a_b", Help: "What waits."}, ""},
		{Metric{Name: "a_b"}, "no help text"},
		{Metric{Name: "a_b", Help: "  "}, "no help text"},
		{Metric{Name: "queue_depth", Help: "Queue depth."}, "repeats the name"},
	})
}
