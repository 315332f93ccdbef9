package control

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export/exporttest"
)

// program is a random schedule of updates, faults and flushes over several
// targets.
type program struct {
	mu     sync.Mutex
	random *rand.Rand
	// calm ends the faults, so that a last export can deliver everything.
	calm  bool
	letGo chan struct{}
}

func (p *program) pick(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

func (p *program) isCalm() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calm
}

// fault is what an integrator or an exporter does at random: mostly what it
// should.
func (p *program) fault(ctx context.Context) error {
	if p.isCalm() {
		return nil
	}
	switch p.pick(14) {
	case 0, 1:
		return errDown
	case 2:
		return exporttest.Hang(ctx)
	case 3:
		panic("boom")
	case 4:
		runtime.Goexit()
	case 5:
		return stubborn(p.letGo)(ctx)
	case 6, 7, 8:
		return pause(time.Duration(p.pick(700)) * ms)(ctx)
	}
	return nil
}

// run lets time pass with updates and flushes.
func (p *program) run(h *harness) {
	var group sync.WaitGroup
	for range 30 + p.pick(30) {
		for _, s := range h.sources {
			s.add(int64(p.pick(1000)))
		}
		if p.pick(6) == 0 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(h.t.Context(), time.Duration(p.pick(2000))*ms)
				defer cancel()
				_ = h.Flush(ctx)
			})
		}
		time.Sleep(time.Duration(p.pick(900)) * ms)
	}
	p.mu.Lock()
	p.calm = p.random.IntN(4) > 0
	p.mu.Unlock()
	close(p.letGo)
	if p.pick(2) == 0 {
		group.Wait()
	}
	defer group.Wait()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*second)
	defer cancel()
	err := h.Shutdown(ctx)
	if err != nil && p.isCalm() {
		h.t.Errorf("Shutdown = %v", err)
	}
}

// Whatever fails and whenever: what a target was given in batches that were
// delivered, and what was not acknowledged, make up what was recorded.
func TestNothingIsLostOrGivenTwice(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			p := &program{random: rand.New(rand.NewPCG(seed, 7))}
			bubble(t, "a b c", func(o *PushOptions) {
				p.letGo = make(chan struct{})
				o.Jitter = 1
				o.Refresh = func(ctx context.Context) { _ = pause(time.Duration(p.pick(300)) * ms)(ctx) }
			}, func(h *harness) {
				for name, s := range h.sinks {
					s.only.moves = true
					s.Always(p.fault)
					h.sources[name].answer = p.fault
				}
				h.Start()
				p.run(h)
				synctest.Wait()
				for name, s := range h.sinks {
					recorded, pending := h.sources[name].recorded.Load(), h.sources[name].pending()
					if got := s.sum(); got+pending != recorded {
						t.Errorf("target %s: %d delivered and %d pending, %d recorded", name, got, pending, recorded)
					}
					if p.calm && pending != 0 {
						t.Errorf("target %s: %d not delivered although nothing failed at last", name, pending)
					}
					if s.Shutdowns() != 1 {
						t.Errorf("target %s: %d shutdowns", name, s.Shutdowns())
					}
				}
			})
		})
	}
}
