package cell

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Series that count alike come to the same contents together: how fast they count
// decides which of them become hot.
func TestOnlyBusyCellsBecomeHot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make([]Sum, 100)
		var slowSizes Histogram
		slowSizes.Init([]float64{1, 2})
		for range 20_000 {
			for i := range slow {
				slow[i].Increase(1, nil)
			}
			slowSizes.Observe(1)
			time.Sleep(time.Millisecond) // of the bubble
		}
		for i := range slow {
			if slow[i].Hot() || slow[i].Int() != 20_000 {
				t.Errorf("a cell with 1000 updates a second is hot: %t, or has %d of 20000", slow[i].Hot(), slow[i].Int())
				break
			}
		}
		if slowSizes.Hot() {
			t.Error("a histogram with 1000 observations a second is hot")
		}
		var busy Sum
		heat(t, &busy, func() { busy.Increase(1, nil) })
	})
}

// Cells that share a slot hide samples from each other, but not for long.
func TestBusyCellsOfOneSlot(t *testing.T) {
	cells := make([]Sum, 4*len(sampled))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range cells {
				for range 6_000 {
					cells[i].Increase(1, nil)
				}
			}
		})
	}
	all.Wait()
	hot := 0
	for i := range cells {
		if cells[i].Int() != 24_000 {
			t.Fatalf("cell %d has %d of 24000", i, cells[i].Int())
		}
		if cells[i].Hot() {
			hot++
		}
	}
	if hot == 0 {
		t.Error("no busy cell is hot")
	}
}
