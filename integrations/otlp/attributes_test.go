package otlp

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// Attributes are the labels, whatever their values.
func FuzzAttributes(f *testing.F) {
	f.Add("ok", "")
	f.Add("\xff", "\uFFFDff")
	f.Add(`a",b="c`, "\\\n")
	f.Add(strings.Repeat("\xfe", 100_000), strings.Repeat("é", 50_000))
	keys := []string{"operation", "status"}
	f.Fuzz(func(t *testing.T, operation, status string) {
		var m memory
		labels := metric.EncodeLabels(keys, []string{operation, status})
		r := m.of("calls_total")
		set := m.attributesOf(r, keys, labels)
		r.end()
		for key, want := range map[attribute.Key]string{"operation": operation, "status": status} {
			if got, found := set.Value(key); !found || got.AsString() != lossless.UTF8(want) {
				t.Errorf("%s = %q, want %q", key, got.AsString(), lossless.UTF8(want))
			}
		}
		again := m.attributesOf(m.of("calls_total"), keys, labels)
		if set.Len() != 2 || !again.Equals(&set) {
			t.Errorf("attributes are %v, and then %v", set.ToSlice(), again.ToSlice())
		}
	})
}
