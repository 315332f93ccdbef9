package cell

import (
	"math"
	"slices"
	"sync"
	"testing"
)

func newValues(limit int) *Values {
	c := new(Values)
	c.Init(limit)
	return c
}

// TestValuesWaitForOneUnderWay takes the place of an update that has its place
// but has not stored its value yet.
func TestValuesWaitForOneUnderWay(t *testing.T) {
	c := newValues(100)
	c.Observe(1)
	c.arrived.Add(1)
	c.Observe(3)
	if got, _, _ := c.Read(nil); !slices.Equal(got, []float64{1}) {
		t.Errorf("values %v, want what came before the one under way", got)
	}
	c.Seal()
	if !c.Arriving() {
		t.Error("no value is under way, want one")
	}
	(*c.chunks[0].Load())[1].Store(math.Float64bits(2) ^ absent)
	if got, _, _ := c.Read(nil); !slices.Equal(got, []float64{1, 2, 3}) || c.Arriving() {
		t.Errorf("values %v, want all three and none under way", got)
	}
}

func TestValuesHoldNoMoreThanTheirLimit(t *testing.T) {
	const limit = 1000
	c := newValues(limit)
	for i := range 3 * limit {
		c.Observe(float64(i))
	}
	held := 0
	for i := range c.chunks {
		if words := c.chunks[i].Load(); words != nil {
			held += len(*words)
		}
	}
	if held != limit {
		t.Errorf("room for %d values, want %d", held, limit)
	}
}

// TestSealedValuesLoseNothing counts what a cell took and what it refused while
// it was being sealed.
func TestSealedValuesLoseNothing(t *testing.T) {
	const writers, each = 4, 5000
	for _, limit := range []int{100, writers * each} {
		c := newValues(limit)
		var wg sync.WaitGroup
		var mu sync.Mutex
		elsewhere := 0
		for range writers {
			wg.Go(func() {
				refused := 0
				for range each {
					if c.Observe(1) != Taken {
						refused++
					}
				}
				mu.Lock()
				defer mu.Unlock()
				elsewhere += refused
			})
		}
		c.Seal()
		wg.Wait()
		c.Settle()
		kept, missed, _ := c.Read(nil)
		if got := len(kept) + int(missed) + elsewhere; got != writers*each {
			t.Errorf("limit %d: %d kept, %d missed and %d refused, want %d in all", limit, len(kept), missed, elsewhere, writers*each)
		}
	}
}
