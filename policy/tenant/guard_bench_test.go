package tenant

import (
	"strconv"
	"testing"
	"time"

	"github.com/metertree/metertree/policy"
)

func BenchmarkResolve(b *testing.B) {
	g := admitted(b, Options{}, 100)
	tenants := make([]string, 64)
	for i := range tenants {
		tenants[i] = "tenant-" + strconv.Itoa(i)
	}
	b.Run("admitted", func(b *testing.B) {
		for i := range b.N {
			if g.Resolve(tenants[i&63]) == policy.Overflow {
				b.Fatal("not admitted")
			}
		}
	})
	b.Run("admitted and busy", func(b *testing.B) {
		g.Rebalance(start.Add(time.Second))
		for i := range b.N {
			if g.Resolve(tenants[i&63]) == policy.Overflow {
				b.Fatal("not admitted")
			}
		}
	})
	b.Run("flood", func(b *testing.B) {
		for i := range tenants {
			tenants[i] = "forged-" + strconv.Itoa(i)
		}
		for i := range b.N {
			if g.Resolve(tenants[i&63]) != policy.Overflow {
				b.Fatal("admitted")
			}
		}
	})
}

func BenchmarkCurrent(b *testing.B) {
	g := admitted(b, Options{}, 100)
	for b.Loop() {
		if g.Current("tenant-42") == policy.Overflow {
			b.Fatal("not admitted")
		}
	}
}
