package tenant_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

// TestNoUpdateIsLostWhileTenantsMove updates, partly through bound handles, while
// tenants are admitted, evicted and collected.
func TestNoUpdateIsLostWhileTenantsMove(t *testing.T) {
	const updaters, each = 4, 20_000
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, err := tenant.New(tenant.Options{
		Metrics: policy.Patterns{"*"}, Limit: 3, HalfLife: time.Second, Margin: 1,
		Idle: time.Minute, MinStay: time.Nanosecond, Retain: 1000 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := registry.New(registry.Options{Now: func() time.Time { return start }})
	d := registry.Definition{Descriptor: metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Keys: []string{"account_id"}}}
	label, err := g.Label(d.Descriptor, "account_id")
	if err != nil {
		t.Fatal(err)
	}
	d.Normaliser = label
	calls, err := r.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	var updating, moving sync.WaitGroup
	for u := range updaters {
		updating.Go(func() {
			for i := range each {
				who := strconv.Itoa(i/2000 + (i+u)%5)
				if i%2 == 0 {
					calls.AddInt(1, who)
				} else {
					calls.Bind([]string{who}).AddInt(1)
				}
			}
		})
	}
	stop, moves := make(chan struct{}), 0
	moving.Go(func() {
		last := int64(0)
		for second := 0; ; second++ {
			select {
			case <-stop:
				return
			default:
			}
			changes := g.Rebalance(start.Add(time.Duration(second) * time.Second))
			moves += len(changes.Admitted)
			sums, _ := collect(r)
			if sums["calls_total"] < last {
				t.Errorf("the total fell from %d to %d", last, sums["calls_total"])
			}
			last = sums["calls_total"]
		}
	})
	updating.Wait()
	close(stop)
	moving.Wait()
	if sums, _ := collect(r); sums["calls_total"] != updaters*each {
		t.Errorf("%d updates are shown after %d moves, want %d", sums["calls_total"], moves, updaters*each)
	}
	if moves == 0 {
		t.Error("no tenant was admitted")
	}
}
