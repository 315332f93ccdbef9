package naming

import (
	"slices"
	"testing"
)

func TestCollision(t *testing.T) {
	found := collision(nil, []Metric{
		named(Histogram, "latency_seconds"),
		named(Counter, "latency_seconds_count"),
		named(Gauge, "latency_seconds_max"),
		named(Summary, "size_bytes"),
		{Name: "size", Kind: Unknown, Samples: []string{"size_bytes_sum"}},
		{Name: "fine_seconds", Kind: Histogram, Samples: []string{"fine_seconds_bucket", "fine_seconds_sum"}},
		named(Counter, "twice_total"),
		named(Counter, "twice_total"),
	})
	want := []about{
		{"latency_seconds_count", "latency_seconds_count is also a sample of latency_seconds: rename one of them"},
		{"size", "size_bytes_sum is also a sample of size_bytes: rename one of them"},
		{"twice_total", "there are two metrics of this name: make them one, or rename one of them"},
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}
