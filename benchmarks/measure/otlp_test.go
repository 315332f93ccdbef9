package measure

import (
	"context"
	"strings"
	"testing"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

func TestPushOTLPTakesFiguresOfEachLibrary(t *testing.T) {
	const times = 2
	for name, newPusher := range rivals.Pushers() {
		for _, kind := range []work.Kind{work.Counters, work.Histograms} {
			samples, err := PushOTLP(kind, newPusher, 500, times)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, row := range []work.Row{work.PushOTLP(kind), work.PushOTLP(kind).Allocs()} {
				if got := samples[row]; len(got) != times || got[0] <= 0 {
					t.Errorf("%s: figures %v of %s, want %d above zero", name, got, row, times)
				}
			}
		}
	}
}

func TestPushOTLPSeesMissingSeries(t *testing.T) {
	lossy := func(k work.Kind, series int, url string) (rivals.Pusher, error) {
		p, err := rivals.Pushers()[rivals.NameMetertree](k, series, url)
		fill := p.Fill
		p.Fill = func(sets []work.Labels) { fill(sets[1:]) }
		return p, err
	}
	_, err := PushOTLP(work.Counters, lossy, 500, 1)
	if err == nil || !strings.Contains(err.Error(), "brought 499") {
		t.Errorf("err = %v", err)
	}
	failing := func(work.Kind, int, string) (rivals.Pusher, error) {
		return rivals.Pusher{
			Fill:  func([]work.Labels) {},
			Push:  func(context.Context) error { return context.Canceled },
			Close: func(context.Context) error { return nil },
		}, nil
	}
	if _, err := PushOTLP(work.Counters, failing, 500, 1); err == nil {
		t.Error("a failing export is no error")
	}
}
