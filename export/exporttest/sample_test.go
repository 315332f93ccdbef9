package exporttest

import (
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// The samples are what a batch may hold: valid, ordered, each name once.
func TestSamplesKeepTheContract(t *testing.T) {
	kept := map[metric.Aggregation]bool{}
	now := time.Now()
	for _, families := range [][]*metric.Family{
		slices.Collect(Families(now)), slices.Collect(OddFamilies(now)),
	} {
		last := ""
		for _, f := range families {
			if err := f.Descriptor.Validate(); err != nil {
				t.Error(err)
			}
			if f.Descriptor.Name <= last {
				t.Errorf("family %s comes after %s", f.Descriptor.Name, last)
			}
			last = f.Descriptor.Name
			kept[f.Descriptor.Kept()] = true
			var labels []metric.LabelSet
			for p := range f.Points {
				labels = append(labels, p.Labels)
			}
			if len(labels) < 3 || !slices.IsSorted(labels) || len(slices.Compact(slices.Clone(labels))) != len(labels) {
				t.Errorf("family %s has the series %q, want three at least, ordered, each once", f.Descriptor.Name, labels)
			}
		}
	}
	for a := metric.SumAggregation; a < metric.Drop; a++ {
		if !kept[a] {
			t.Errorf("no sample is kept as %s", a)
		}
	}
}
