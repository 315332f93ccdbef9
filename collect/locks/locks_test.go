package locks

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newMeters(t *testing.T) (*Meters, *External, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	scope := meter.New(r).Scope("locks")
	m, err := New(scope, Config{Name: "index", HoldTime: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewExternal(scope, "leader")
	if err != nil {
		t.Fatal(err)
	}
	return m, e, r
}

var errBroken = errors.New("broken")

// The times come from external locks: a goroutine that waits for a sync.Mutex
// does not let the clock of a bubble go on.
func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e, r := newMeters(t)
		mu := Mutex{Meters: m}
		mu.Lock()
		time.Sleep(50 * time.Microsecond)
		mu.Unlock()
		attempt := e.Acquiring()
		time.Sleep(200 * time.Millisecond)
		first, second := attempt.Acquired(), e.Acquiring().Acquired()
		_ = e.Acquiring().Acquired()
		e.Acquiring().Failed(context.DeadlineExceeded)
		e.Acquiring().Failed(context.Canceled)
		e.Acquiring().Failed(errBroken)
		time.Sleep(2 * time.Second)
		first.Released()
		second.Lost()
		collecttest.Golden(t, r, prometheus.Write, "locks")
	})
}

// both are the locks that exclude all others.
func both(m *Meters) map[string]sync.Locker {
	return map[string]sync.Locker{"mutex": &Mutex{Meters: m}, "rwmutex": &RWMutex{Meters: m}}
}

func TestMutualExclusion(t *testing.T) {
	for _, metered := range []bool{true, false} {
		m, _, r := newMeters(t)
		if !metered {
			m = nil
		}
		for name, l := range both(m) {
			count := 0
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 500 {
						l.Lock()
						count++
						l.Unlock()
					}
				})
			}
			all.Wait()
			if count != 4000 {
				t.Errorf("%s, metered %v: counted %d of 4000", name, metered, count)
			}
		}
		want := 0.0
		if metered {
			want = 8000
		}
		v := collecttest.Values(t, r)
		if got := v[`locks_hold_seconds{component="index",operation="lock"}`]; got != want {
			t.Errorf("metered %v: the locks were held %v times, want %v", metered, got, want)
		}
		if v[`locks_waiters{component="index",operation="lock"}`] != 0 {
			t.Errorf("metered %v: someone still waits: %v", metered, v)
		}
	}
}

// pass locks and unlocks.
func pass(l sync.Locker) {
	l.Lock()
	defer l.Unlock()
}

// waitsOnce starts an operation while the lock is taken, and lets it go on when
// the meters show that it waits.
func waitsOnce(t *testing.T, r *registry.Registry, operation string, waits, unlock func()) {
	t.Helper()
	labels := `{component="index",operation="` + operation + `"}`
	var waiter sync.WaitGroup
	waiter.Go(waits)
	for collecttest.Values(t, r)["locks_waiters"+labels] != 1 {
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
	}
	unlock()
	waiter.Wait()
	v := collecttest.Values(t, r)
	for name, want := range map[string]float64{"contended_total": 1, "wait_seconds": 1, "waiters": 0} {
		if got := v["locks_"+name+labels]; got != want {
			t.Errorf("%s: %s = %v, want %v", operation, name, got, want)
		}
	}
}

func TestWaits(t *testing.T) {
	for name, l := range both(nil) {
		m, _, r := newMeters(t)
		switch l := l.(type) {
		case *Mutex:
			l.Meters = m
		case *RWMutex:
			l.Meters = m
		}
		t.Run(name, func(t *testing.T) {
			l.Lock()
			waitsOnce(t, r, lock, func() { pass(l) }, l.Unlock)
		})
	}
	t.Run("reader", func(t *testing.T) {
		m, _, r := newMeters(t)
		mu := RWMutex{Meters: m}
		mu.Lock()
		waitsOnce(t, r, rlock, func() { pass(mu.RLocker()) }, mu.Unlock)
	})
}

// Readers do not wait for one another, and count nothing.
func TestReadersShare(t *testing.T) {
	m, _, r := newMeters(t)
	for _, mu := range []*RWMutex{{Meters: m}, {}} {
		mu.RLock()
		mu.RLock()
		if !mu.TryRLock() {
			t.Error("a third reader cannot lock")
		}
		if mu.TryLock() {
			t.Error("a writer locked what readers hold")
		}
		for range 3 {
			mu.RUnlock()
		}
		if !mu.TryLock() {
			t.Error("a writer cannot lock what is free")
		}
		mu.Unlock()
	}
	v := collecttest.Values(t, r)
	if v[`locks_contended_total{component="index",operation="rlock"}`] != 0 || v[`locks_hold_seconds{component="index",operation="lock"}`] != 1 {
		t.Errorf("got %v", v)
	}
}

func TestTryLock(t *testing.T) {
	m, _, _ := newMeters(t)
	for _, mu := range []*Mutex{{Meters: m}, {}} {
		if !mu.TryLock() {
			t.Error("cannot lock what is free")
		}
		if mu.TryLock() {
			t.Error("locked what is locked")
		}
		mu.Unlock()
	}
}

func TestHoldTimeIsOptional(t *testing.T) {
	r := registry.New(registry.Options{})
	m, err := New(meter.New(r), Config{Name: "index"})
	if err != nil {
		t.Fatal(err)
	}
	mu := Mutex{Meters: m}
	pass(&mu)
	if v := collecttest.Values(t, r); len(v) == 0 || v[`hold_seconds{component="index",operation="lock"}`] != 0 {
		t.Errorf("got %v", v)
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("wait_seconds")
	if _, err := New(scope, Config{Name: "index"}); err == nil {
		t.Error("a counter and a histogram share the name wait_seconds")
	}
	if _, err := NewExternal(scope, "leader"); err == nil {
		t.Error("a counter and a histogram share the name wait_seconds")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	m, e, _ := newMeters(t)
	for _, meters := range []*Meters{m, {}, nil} {
		mu, rw := &Mutex{Meters: meters}, &RWMutex{Meters: meters}
		collecttest.NoAllocs(t, func() {
			pass(mu)
			pass(rw)
			pass(rw.RLocker())
		})
	}
	var free Mutex
	collecttest.NoAllocs(t, func() {
		m.lock.wait(&free)
		free.Unlock()
	})
	for _, e := range []*External{e, {}} {
		collecttest.NoAllocs(t, func() {
			e.Acquiring().Acquired().Released()
			e.Acquiring().Acquired().Lost()
			e.Acquiring().Failed(context.DeadlineExceeded)
			e.Acquiring().Failed(errBroken)
		})
	}
}

func BenchmarkUncontended(b *testing.B) {
	m, err := New(meter.New(registry.New(registry.Options{})), Config{Name: "index"})
	if err != nil {
		b.Fatal(err)
	}
	held, err := New(meter.New(registry.New(registry.Options{})), Config{Name: "index", HoldTime: true})
	if err != nil {
		b.Fatal(err)
	}
	for name, l := range map[string]sync.Locker{
		"sync":     &sync.Mutex{},
		"plain":    &Mutex{},
		"metered":  &Mutex{Meters: m},
		"holdtime": &Mutex{Meters: held},
	} {
		b.Run(name, func(b *testing.B) {
			count := 0
			for b.Loop() {
				l.Lock()
				count++
				l.Unlock()
			}
		})
	}
}
