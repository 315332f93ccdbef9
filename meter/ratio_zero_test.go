package meter_test

import (
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// These hold whether or not metrics are compiled in.

func TestRatiosOfTheZeroScope(t *testing.T) {
	var s meter.Scope
	if err := meter.Ratio(s, "bad name", meter.Counter{}); err != nil {
		t.Error(err)
	}
	if err := meter.RatioOf(s, "bad name", meter.Histogram{}, meter.UpDownCounter{}); err != nil {
		t.Error(err)
	}
	for range s.Ratios() {
		t.Error("the zero scope has a ratio")
	}
	for range s.Declarations() {
		t.Error("the zero scope has a declaration")
	}
}

// What is wrong by itself is found although the instruments record nothing.
func TestRatiosOfNothingAreStillChecked(t *testing.T) {
	s, _ := newScope()
	var c meter.Counter
	failed := meter.Where("status", "error")
	for name, err := range map[string]error{
		"name":      meter.Ratio(s, "bad name", c, failed),
		"label":     meter.Ratio(s, "a", c, meter.Where("a-b", "x")),
		"narrowing": meter.Ratio(s, "b", c),
		"value":     meter.RatioOf(s, "c", c, c, meter.Where("status")),
		"role":      meter.Ratio(s, "d", c, failed, meter.Role(metric.RoleTraffic)),
	} {
		if err == nil {
			t.Errorf("a bad %s was accepted", name)
		}
	}
	if err := meter.Ratio(s, "good", c, failed); err != nil {
		t.Error(err)
	}
	if err := meter.RatioOf(s, "good", c, c); err != nil {
		t.Error(err)
	}
}
