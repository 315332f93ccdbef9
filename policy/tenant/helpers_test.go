package tenant

import (
	"hash/maphash"
	"strconv"
	"testing"
	"time"

	"github.com/metertree/metertree/policy"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func guard(t testing.TB, options Options) *Guard {
	t.Helper()
	if options.Metrics == nil {
		options.Metrics = policy.Patterns{"*"}
	}
	g, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// admitted returns a guard that has admitted tenant-0 to tenant-(n-1).
func admitted(t testing.TB, options Options, n int) *Guard {
	t.Helper()
	g := guard(t, options)
	for i := range n {
		updates(g, "tenant-"+strconv.Itoa(i), 1)
	}
	g.Rebalance(start)
	if got := len(g.Tenants()); got != n {
		t.Fatalf("%d tenants were admitted, want %d", got, n)
	}
	return g
}

func updates(g *Guard, tenant string, n int) {
	for range n {
		g.Resolve(tenant)
	}
}

func hashOf(t *traffic, tenant string) uint64 { return maphash.String(t.seed, tenant) }
