package registry

import (
	"testing"

	"github.com/metertree/metertree/metric"
)

// A callback gives whole numbers and fractions as it has them; the family keeps them
// as it was defined.
func TestObserverConverts(t *testing.T) {
	r := New(Options{})
	for _, d := range []metric.Descriptor{
		{Name: "whole_total", Kind: metric.Counter, Number: metric.Int64},
		{Name: "float_total", Kind: metric.Counter, Number: metric.Float64},
		{Name: "level", Kind: metric.Gauge, Number: metric.Float64},
	} {
		d.Keys = []string{"from"}
		err := r.DefineFunc(Definition{Descriptor: d}, func(o *Observer) {
			o.Int(5, "int")
			o.Float(7, "float")
			o.Float(2.5, "half")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]map[string]float64{}
	dropped := int64(0)
	for range 2 { // what a collection drops is exposed by the next
		for f := range r.Collect(t.Context()) {
			name := f.Descriptor.Name
			got[name] = map[string]float64{}
			for p := range f.Points {
				value := p.Float
				if f.Descriptor.Number == metric.Int64 {
					value = float64(p.Int)
				}
				for key, label := range p.Labels.All(f.Keys) {
					switch {
					case key == "from":
						got[name][label] = value
					case label == string(Fraction):
						dropped = p.Int
					}
				}
			}
		}
	}
	for name, half := range map[string]float64{"float_total": 2.5, "level": 2.5} {
		if v := got[name]; v["int"] != 5 || v["float"] != 7 || v["half"] != half {
			t.Errorf("%s: %v", name, v)
		}
	}
	if v := got["whole_total"]; len(v) != 2 || v["int"] != 5 || v["float"] != 7 {
		t.Errorf("whole_total: %v, want no half", v)
	}
	if dropped == 0 {
		t.Error("what was dropped is not counted")
	}
}
