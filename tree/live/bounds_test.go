package live

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// counting counts collections.
type counting struct {
	Producer
	collections int
}

func (c *counting) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	c.collections++
	return c.Producer.Collect(ctx)
}

// TestSamplesOnlyForThoseWhoLook: nothing is collected before the first question
// nor after the last has been a while ago, and one who returns starts anew.
func TestSamplesOnlyForThoseWhoLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		c := meter.New(r).Counter("c_total")
		p := &counting{Producer: r}
		s := New(p, Options{Interval: interval, IdleAfter: time.Minute})
		b := bench{t: t, registry: r, source: s}
		wait := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		wait(time.Hour)
		if p.collections != 0 {
			t.Errorf("%d collections before anybody asked", p.collections)
		}
		b.ask("c_total", "")
		c.Add(30)
		wait(30 * time.Second)
		b.expect(":1 rate 1/1", "c_total", "")
		wait(time.Hour)
		if p.collections < 5 || p.collections > 12 {
			t.Errorf("%d collections in half a minute and the idle one after it", p.collections)
		}
		if s.newest() != nil {
			t.Error("an idle source keeps its history")
		}
		b.expect(":30 total 1/1", "c_total", "")
		s.Close()
		if _, err := s.Families(t.Context()); err == nil {
			t.Error("a closed source answers")
		}
	})
}

func TestBoundInSeries(t *testing.T) {
	inBubble(t, Options{MaxSeries: 200}, func(t *testing.T, b bench) {
		small, big := b.scope.Counter("a_small_total", meter.Keys("x")), b.scope.Counter("b_big_total", meter.Keys("x"))
		for i := range 50 {
			small.Add(1, fmt.Sprint(i))
		}
		for i := range 300 {
			big.Add(1, fmt.Sprint(i))
		}
		b.expect(":50 total 50/50", "a_small_total", "")
		r := b.ask("b_big_total", "")
		if r.Err == nil || !strings.Contains(r.Err.Error(), "300 series") {
			t.Errorf("a metric that is left out gives %v, %s", r.Err, show(r))
		}
		notices := b.source.Notices()
		if len(notices) != 1 || !strings.Contains(notices[0], "b_big_total") {
			t.Errorf("notices: %q", notices)
		}
		for i := range 250 {
			big.Delete(fmt.Sprint(i))
		}
		b.pass(1)
		b.expect(":0 rate 50/50", "b_big_total", "") // since the sample after the deletions
		if notices := b.source.Notices(); len(notices) != 0 {
			t.Errorf("notices stay: %q", notices)
		}
	})
}

func TestBoundInBytes(t *testing.T) {
	inBubble(t, Options{MaxBytes: 40_000}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		for i := range 100 {
			c.Add(1, fmt.Sprint(i))
		}
		b.ask("c_total", "")
		b.pass(29)
		b.source.mu.Lock()
		held, samples := b.source.history.bytes, len(b.source.history.samples)
		b.source.mu.Unlock()
		if held > 40_000 || samples < 3 || samples > 28 {
			t.Errorf("%d samples of %d bytes", samples, held)
		}
		if notices := b.source.Notices(); len(notices) != 1 || !strings.Contains(notices[0], "history reaches back") {
			t.Errorf("notices: %q", notices)
		}
		b.expect(":0 rate 100/100", "c_total", "")
	})
}

// TestWhileUpdated is for the race detector: questions, samples and updates at
// once.
func TestWhileUpdated(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		c.Add(1, "0")
		stop := make(chan struct{})
		for worker := range 3 {
			go func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
						c.Add(1, fmt.Sprint(i%50))
						if worker > 0 {
							b.ask("c_total", "x")
							b.leaves("c_total", "x")
						}
					}
				}
			}()
		}
		b.pass(30)
		close(stop)
		synctest.Wait()
	})
}
