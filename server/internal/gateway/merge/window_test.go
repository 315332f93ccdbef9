package merge

import (
	"math/rand/v2"
	"testing"
)

// Windows are held to a set of instants.
func TestWindowsAgainstInstants(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		ws := windows{Floor: noFloor}
		instants := map[int64]bool{}
		for range 300 {
			from := random.Int64N(200)
			w := window{from, from + 1 + random.Int64N(12)}
			has, lacks := false, false
			for at := w.From + 1; at <= w.To; at++ {
				has, lacks = has || instants[at], lacks || !instants[at]
			}
			switch got := ws.find(w); {
			case got == forgotten || w.From < ws.Floor:
				if w.From >= ws.Floor {
					t.Fatalf("%v is forgotten although the floor is %d", w, ws.Floor)
				}
			case (got == covered) != (has && !lacks):
				t.Fatalf("seed %d: %v in %v: covered is %v", seed, w, ws, got == covered)
			case (got == overlapping) != (has && lacks):
				t.Fatalf("seed %d: %v in %v: overlapping is %v", seed, w, ws, got == overlapping)
			case got == fresh:
				ws.cover(w)
				for at := w.From + 1; at <= w.To; at++ {
					instants[at] = true
				}
			}
			if len(ws.List) > maxWindows {
				t.Fatalf("%d windows", len(ws.List))
			}
		}
	}
}
