package gateway

import (
	"testing"
	"time"
)

// A clock that was wrong for a while does not make the gateway refuse what comes
// once it is set.
func TestClockThatWasAhead(t *testing.T) {
	path := t.TempDir()
	wrong := time.Now().Add(365 * 24 * time.Hour)
	g := start(t, path, func(o *Options) { o.now = func() time.Time { return wrong } })
	g.mustPush(t, counterPush("a", wrong.Add(-time.Minute), wrong, 2))
	g.crash(t)
	g = start(t, path)
	now := time.Now()
	g.mustPush(t, counterPush("b", now.Add(-time.Minute), now, 40))
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "42"})
}
