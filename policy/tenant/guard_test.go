package tenant

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/policy"
)

func TestOffByDefault(t *testing.T) {
	g, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var none *Guard
	for _, g := range []*Guard{g, none} {
		if g.Covers("requests_total") {
			t.Error("a guard without metrics covers one")
		}
		g.Delete("a", start)
		if changes := g.Rebalance(start); !changes.Empty() || len(g.Tenants()) != 0 {
			t.Errorf("a guard that is off changes %+v", changes)
		}
	}
	if got := g.Resolve("a"); got != policy.Overflow {
		t.Errorf("a guard that is off resolves to %q", got)
	}
}

func TestCovers(t *testing.T) {
	g := guard(t, Options{Metrics: policy.Patterns{"calls_total", "http_*"}})
	for name, want := range map[string]bool{"calls_total": true, "calls": false, "http_requests_total": true, "grpc_http_": false} {
		if g.Covers(name) != want {
			t.Errorf("Covers(%s) is not %v", name, want)
		}
	}
}

func TestInvalidOptions(t *testing.T) {
	for want, options := range map[string]Options{
		`pattern "a b"`:          {Metrics: policy.Patterns{"a b"}},
		"limit of -1":            {Limit: -1},
		"limit of 10001":         {Limit: maxLimit + 1},
		"margin of 0.5":          {Margin: 0.5},
		"half-life of -1s":       {HalfLife: -time.Second},
		"idle time of -1s":       {Idle: -time.Second},
		"minimum stay of -1s":    {MinStay: -time.Second},
		"retention of -1s":       {Retain: -time.Second},
		"tombstone time of -1ns": {Tombstone: -1},
	} {
		if _, err := New(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("options %+v: %v, want %q", options, err, want)
		}
	}
}

func TestReservedTenants(t *testing.T) {
	g := guard(t, Options{})
	for tenant, want := range map[string]string{
		"": policy.Unknown, policy.Unknown: policy.Unknown,
		policy.Overflow: policy.Overflow, policy.Other: policy.Overflow, "new": policy.Overflow,
	} {
		for range 100 {
			if got := g.Resolve(tenant); got != want || g.Current(tenant) != want {
				t.Fatalf("%q resolves to %q, want %q", tenant, got, want)
			}
		}
	}
	g.Rebalance(start)
	if got := g.Tenants(); !slices.Equal(got, []string{"new"}) {
		t.Errorf("admitted are %q, want new alone", got)
	}
}

func TestBusierTakesThePlaceOfLessBusy(t *testing.T) {
	g := guard(t, Options{Limit: 2, MinStay: time.Minute, HalfLife: time.Hour, Margin: 2})
	updates(g, "a", 100)
	updates(g, "b", 50)
	updates(g, "c", 40)
	if got := g.Rebalance(start); !slices.Equal(got.Admitted, []string{"a", "b"}) {
		t.Fatalf("first admitted are %q", got.Admitted)
	}
	updates(g, "c", 40)
	now := start.Add(time.Minute)
	if got := g.Rebalance(now); !got.Empty() {
		t.Fatalf("a tenant that is busier by less than the margin changed %+v", got)
	}
	updates(g, "c", 100)
	if got := g.Rebalance(now.Add(time.Second)); !slices.Equal(got.Admitted, []string{"c"}) || !slices.Equal(got.Evicted, []string{"b"}) {
		t.Fatalf("a tenant that is busier by the margin changed %+v", got)
	}
	updates(g, "b", 1000)
	updates(g, "a", 1000)
	if got := g.Rebalance(now.Add(2 * time.Second)); !got.Empty() {
		t.Fatalf("a tenant lost its place before the minimum stay: %+v", got)
	}
	if got := g.Rebalance(now.Add(2 * time.Minute)); !slices.Equal(got.Admitted, []string{"b"}) || !slices.Equal(got.Evicted, []string{"c"}) {
		t.Fatalf("after the minimum stay: %+v", got)
	}
}

func TestIdleTenantIsEvictedAndThenReleased(t *testing.T) {
	g := admitted(t, Options{Idle: 10 * time.Minute, Retain: 5 * time.Minute}, 2)
	updates(g, "tenant-0", 1000)
	g.Rebalance(start.Add(9 * time.Minute))
	now := start.Add(10 * time.Minute)
	if got := g.Rebalance(now); !slices.Equal(got.Evicted, []string{"tenant-1"}) || len(got.Admitted) != 0 {
		t.Fatalf("after being idle: %+v", got)
	}
	if got := g.Rebalance(now.Add(4 * time.Minute)); !got.Empty() {
		t.Fatalf("before the retention: %+v", got)
	}
	if got := g.Rebalance(now.Add(5 * time.Minute)); !slices.Equal(got.Released, []string{"tenant-1"}) {
		t.Fatalf("after the retention: %+v", got)
	}
}

func TestReturnedTenantIsNotReleased(t *testing.T) {
	g := admitted(t, Options{Idle: time.Minute, Retain: 5 * time.Minute}, 1)
	g.Rebalance(start.Add(time.Minute))
	updates(g, "tenant-0", 1)
	if got := g.Rebalance(start.Add(2 * time.Minute)); !slices.Equal(got.Admitted, []string{"tenant-0"}) {
		t.Fatalf("on its return: %+v", got)
	}
	for minute := 3; minute < 10; minute++ {
		updates(g, "tenant-0", 1)
		if got := g.Rebalance(start.Add(time.Duration(minute) * time.Minute)); !got.Empty() {
			t.Fatalf("minute %d: %+v", minute, got)
		}
	}
}

func TestDeletedTenantStaysAway(t *testing.T) {
	g := admitted(t, Options{Tombstone: time.Hour}, 2)
	g.Delete("tenant-0", start)
	g.Delete("never seen", start)
	for minute := range 60 {
		updates(g, "tenant-0", 100)
		updates(g, "never seen", 100)
		got := g.Rebalance(start.Add(time.Duration(minute) * time.Minute))
		if minute == 0 && !slices.Equal(got.Deleted, []string{"tenant-0"}) || minute > 0 && len(got.Deleted) > 0 || len(got.Admitted) > 0 {
			t.Fatalf("minute %d: %+v", minute, got)
		}
	}
	g.Rebalance(start.Add(time.Hour))
	updates(g, "tenant-0", 1)
	if got := g.Rebalance(start.Add(61 * time.Minute)); !slices.Equal(got.Admitted, []string{"tenant-0"}) {
		t.Fatalf("after the tombstone: %+v", got)
	}
}

func TestTombstonesAreBounded(t *testing.T) {
	g := guard(t, Options{Limit: 1})
	for i := range 100 {
		g.Delete(strconv.Itoa(i), start.Add(time.Duration(i)*time.Second))
	}
	tombstones := g.view.Load().tombstones
	if _, newest := tombstones["99"]; len(tombstones) != tombstonesPerTenant || !newest {
		t.Errorf("%d tombstones stand, the newest among them: %v", len(tombstones), newest)
	}
}

// A million forged tenants in a minute neither grow the guard nor push out those
// that are real, and a real one that comes in the midst of them finds a place.
func TestFlood(t *testing.T) {
	g := admitted(t, Options{Limit: 20}, 20)
	forged := make([]byte, 0, 32)
	for second := range 60 {
		for i := range 17_000 {
			forged = strconv.AppendInt(append(forged[:0], "forged-"...), int64(second*17_000+i), 10)
			g.Resolve(string(forged))
			if i%200 == 0 {
				updates(g, "late", 1)
			}
			if i%100 == 0 {
				updates(g, "tenant-"+strconv.Itoa(i/100%10), 1)
			}
		}
		if second%10 == 9 {
			g.Rebalance(start.Add(time.Duration(second) * time.Second))
		}
	}
	g.Rebalance(start.Add(DefaultMinStay))
	for i := range 10 {
		if tenant := "tenant-" + strconv.Itoa(i); g.Current(tenant) != tenant {
			t.Errorf("%s lost its place to the flood", tenant)
		}
	}
	if g.Current("late") != "late" {
		t.Error("the tenant that came during the flood has no place")
	}
	fake := 0
	for _, tenant := range g.Tenants() {
		if strings.HasPrefix(tenant, "forged") {
			fake++
		}
	}
	if fake > 0 {
		t.Errorf("%d forged tenants were admitted", fake)
	}
	if got := len(g.traffic.candidates(nil)); got > 20*perTenant {
		t.Errorf("%d tenants are counted", got)
	}
}

func TestForgedTenants(t *testing.T) {
	g := guard(t, Options{})
	for _, tenant := range []string{
		"a\nb", "a\x00", "\x7f", "\xff\xfe", "a\u2028b", "a\u202eb", strings.Repeat("x", MaxTenant+1), strings.Repeat("y", 1<<20),
	} {
		if got := g.Resolve(tenant); got != policy.Overflow {
			t.Errorf("%.20q resolves to %q", tenant, got)
		}
	}
	updates(g, "Größe", 1)
	updates(g, strings.Repeat("z", MaxTenant), 1)
	if got := g.Rebalance(start); len(got.Admitted) != 2 {
		t.Errorf("admitted are %q", got.Admitted)
	}
}

func TestResolveDoesNotAllocate(t *testing.T) {
	g := admitted(t, Options{}, 3)
	large := strings.Repeat("x", 1<<20)
	for _, tenant := range []string{"tenant-1", "stranger", "", policy.Overflow, "a\nb", large} {
		if n := testing.AllocsPerRun(100, func() { g.Resolve(tenant); g.Current(tenant) }); n != 0 {
			t.Errorf("Resolve(%.10q) allocates %v times", tenant, n)
		}
	}
	flood := make([]string, 10_000)
	for i := range flood {
		flood[i] = "flood" + strconv.Itoa(i)
	}
	if n := testing.AllocsPerRun(1, func() {
		for _, tenant := range flood {
			g.Resolve(tenant)
		}
	}); n != 0 {
		t.Errorf("a flood allocates %v times", n)
	}
}

// What is heavy in its group is always counted, at most as much too high as
// Space-Saving says, and never too high at least.
func TestSpaceSaving(t *testing.T) {
	traffic := newTraffic(1)
	true0, total := map[string]float64{}, map[*group]float64{}
	for i := range 20_000 {
		tenant := "light" + strconv.Itoa(i)
		if i%4 == 0 {
			tenant = "heavy" + strconv.Itoa(i/4%3)
		}
		traffic.count(tenant, 1)
		true0[tenant]++
		total[traffic.groupOf(hashOf(traffic, tenant))]++
	}
	found := map[string]bool{}
	for i := range traffic.groups {
		g := &traffic.groups[i]
		for _, c := range g.counters {
			tenant := string(c.tenant[:c.length])
			found[tenant] = true
			if real := true0[tenant]; c.count < real || c.count-c.inherited > real || c.count > real+total[g]/ways {
				t.Errorf("%s had %v, and is counted as %v of which %v inherited, in a group of %v", tenant, real, c.count, c.inherited, total[g])
			}
		}
	}
	for tenant, n := range true0 {
		if n > total[traffic.groupOf(hashOf(traffic, tenant))]/ways && !found[tenant] {
			t.Errorf("%s had %v and is not counted", tenant, n)
		}
	}
}

func TestSampling(t *testing.T) {
	s := sampling(0)
	for second := range 20 {
		counted := 1_000_000 / (uint64(s) + 1)
		s = s.after(counted, time.Second)
		if second > 10 && 1_000_000/s.weight() > coarserAbove {
			t.Errorf("second %d: one of %v updates is counted", second, s.weight())
		}
	}
	for range 20 {
		s = s.after(0, time.Second)
	}
	if s != 0 || sampling(7).after(1<<40, 0) != 7 {
		t.Errorf("without traffic one of %v updates is counted", s.weight())
	}
}

func TestConcurrentUse(t *testing.T) {
	g := guard(t, Options{Limit: 4, MinStay: time.Nanosecond, Idle: 3 * time.Second})
	var updaters, rest sync.WaitGroup
	stop := make(chan struct{})
	for u := range 4 {
		updaters.Go(func() {
			for i := range 20_000 {
				tenant := strconv.Itoa(i * (u + 1) % 50)
				if got := g.Resolve(tenant); got != tenant && got != policy.Overflow {
					t.Errorf("%q resolves to %q", tenant, got)
					return
				}
			}
		})
	}
	rest.Go(func() {
		for second := 0; ; second++ {
			select {
			case <-stop:
				return
			default:
			}
			g.Rebalance(start.Add(time.Duration(second) * time.Second))
			g.Delete(strconv.Itoa(second%50), start.Add(time.Duration(second)*time.Second))
			if n := len(g.Tenants()); n > 4 {
				t.Errorf("%d tenants are admitted", n)
				return
			}
		}
	})
	updaters.Wait()
	close(stop)
	rest.Wait()
}
