package collect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
)

// domain counts like a library that somebody restarts. Each of its series has
// what was truly counted beside it.
type domain struct {
	totals map[string]int64
	parts  map[string]float64
	true   map[string]int64
	shares map[string]float64
	broken bool
}

func (d *domain) statistics(context.Context) (*domain, error) {
	if d.broken {
		return nil, fmt.Errorf("no answer")
	}
	return d, nil
}

// grow counts as many, in both number kinds; the shares are exact in binary.
func (d *domain) grow(name string, by int64) {
	d.totals[name] += by
	d.parts[name] += float64(by) / 4
	d.true[name] += by
	d.shares[name] += float64(by) / 4
}

// Whatever a source does, if it is read before each restart, and counts less
// after a restart than before, then what is exposed is what was truly counted:
// with resets, failures, series that are left out, and what is no total.
func TestExposedTotalsAreTheTrueOnes(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) { exposeTotals(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func exposeTotals(t *testing.T, random *rand.Rand) {
	refresher, scope, r := newRefresher(t, collect.Options{})
	ints := scope.Counter("i_total", meter.Keys("queue"))
	floats := scope.FloatCounter("f_total", meter.Keys("queue"))
	d := &domain{totals: map[string]int64{}, parts: map[string]float64{}, true: map[string]int64{}, shares: map[string]float64{}}
	left := map[string]int{}
	odd := ""
	mustAdd(t, refresher, "domain", collect.Statistics(d.statistics, func(d *domain, out *collect.Totals) {
		for name, v := range d.totals {
			switch {
			case left[name] > 0:
				left[name]--
			case name == odd:
				out.Total(ints, -v-1, name)
				out.FloatTotal(floats, -d.parts[name]-1, name)
			default:
				out.Total(ints, v, name)
				out.FloatTotal(floats, d.parts[name], name)
			}
		}
	}), collect.Schedule{TTL: time.Second})
	names := []string{"a", "b", "c"}
	for _, name := range names {
		d.grow(name, 1)
	}
	settle := func() {
		clear(left)
		odd, d.broken = "", false
		time.Sleep(retryAtTheLatest)
		refresher.Refresh(context.Background())
	}
	settle()
	for range 200 {
		name := names[random.IntN(len(names))]
		switch random.IntN(8) {
		case 0:
			settle()
			before := d.totals[name]
			d.totals[name], d.parts[name] = 0, 0
			d.grow(name, random.Int64N(before))
			// The restart must be seen before the total is as large again.
			settle()
			if d.totals[name] == 0 {
				d.grow(name, 1)
			}
		case 1:
			left[name] = random.IntN(9)
		case 2:
			odd = name
		case 3:
			d.broken = random.IntN(2) == 0
		case 4:
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			refresher.Refresh(context.Background())
			odd = ""
		default:
			d.grow(name, random.Int64N(1000))
		}
	}
	settle()
	var want []string
	for _, name := range names {
		want = append(want, fmt.Sprintf("f_total{queue=%q} %v", name, d.shares[name]))
	}
	for _, name := range names {
		want = append(want, fmt.Sprintf("i_total{queue=%q} %d", name, d.true[name]))
	}
	expect(t, shown(context.Background(), r), want...)
	mustEnd(t, refresher.Close)
}

// retryAtTheLatest is after how long a source is asked again for sure.
const retryAtTheLatest = 15 * time.Second
