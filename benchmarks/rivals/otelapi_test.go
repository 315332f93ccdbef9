package rivals

import (
	"testing"

	"github.com/metertree/metertree/benchmarks/work"
)

// TestAPICounts holds both sides of the comparison to what they say they have
// counted.
func TestAPICounts(t *testing.T) {
	for _, rival := range []Rival{APIOnSDK(), APIOnMetertree()} {
		for row, newCase := range rival.Updates {
			c := newCase()
			c.Run(2048)
			if err := c.Check(2048); err != nil {
				t.Errorf("%s, %s: %v", rival.Name, row, err)
			}
		}
		for kind, newPopulation := range rival.Populations {
			p := newPopulation(100)
			sets := work.LabelSets(100)
			p.Fill(sets)
			p.Update(&sets[7])
			if err := p.Check(100, 101); err != nil {
				t.Errorf("%s, %s series: %v", rival.Name, kind, err)
			}
		}
	}
}

func BenchmarkAPI(b *testing.B) {
	for row := range APIOnSDK().Updates {
		for _, rival := range []Rival{APIOnSDK(), APIOnMetertree()} {
			b.Run(string(row)+"/"+rival.Name, func(b *testing.B) { benchmarkCase(b, row, rival.Updates[row]()) })
		}
	}
}
