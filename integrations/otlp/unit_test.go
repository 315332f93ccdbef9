package otlp

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestUnits(t *testing.T) {
	for _, tt := range []struct{ name, unit, want string }{
		{"wait_seconds", "seconds", "s"},
		{"busy_seconds_total", "seconds", "s"},
		{"size_bytes", "bytes", "By"},
		{"hit_ratio", "ratio", "1"},
		{"temperature_celsius", "celsius", "Cel"},
		{"speed", "bytes_per_second", "By/s"},
		{"speed", "requests_per_minute", "{requests}/min"},
		{"orders_total", "orders", "{orders}"},
		{"orders_total", "", ""},
		{"wait_seconds", "", "s"},
		{"busy_seconds_total", "", "s"},
		{"seconds", "", "s"},
		{"written_bytes_total", "", "By"},
		{"bytes_written", "", ""},
		{"total", "", ""},
		{"x_per_y", "widgets_per_gadget", "{widgets_per_gadget}"},
	} {
		if got := unitOf(&metric.Descriptor{Name: tt.name, Unit: tt.unit}); got != tt.want {
			t.Errorf("unit of %s in %q is %q, want %q", tt.name, tt.unit, got, tt.want)
		}
	}
}

// A unit is always one that UCUM's syntax allows: printable ASCII without
// spaces, and braces in pairs.
func FuzzUnit(f *testing.F) {
	f.Add("wait_seconds", "seconds")
	f.Add("a", "{")
	f.Add("a", "é\xff per_second")
	f.Add("a", strings.Repeat("x_per_second", 10_000))
	f.Fuzz(func(t *testing.T, name, unit string) {
		code := unitOf(&metric.Descriptor{Name: name, Unit: unit})
		depth := 0
		for _, r := range code {
			switch {
			case r == '{':
				depth++
			case r == '}':
				depth--
			}
			if r <= ' ' || r > '~' || depth < 0 || depth > 1 {
				t.Fatalf("unit of %q in %q is %q", name, unit, code)
			}
		}
		if depth != 0 {
			t.Fatalf("unit of %q in %q is %q", name, unit, code)
		}
	})
}
