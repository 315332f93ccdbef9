//go:build !metertree_off

package metertree

import (
	"context"
	"testing"
	"time"
)

// Nobody holds the listener by being slow: each phase of a connection ends.
func TestListenerIsBounded(t *testing.T) {
	rt, err := Start(t.Context(), Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for phase, limit := range map[string]struct{ is, most time.Duration }{
		"header": {rt.server.ReadHeaderTimeout, 10 * time.Second},
		"body":   {rt.server.ReadTimeout, time.Minute},
		"answer": {rt.server.WriteTimeout, 2 * time.Minute},
		"idle":   {rt.server.IdleTimeout, 5 * time.Minute},
	} {
		if limit.is <= 0 || limit.is > limit.most {
			t.Errorf("%s: %v, want up to %v", phase, limit.is, limit.most)
		}
	}
	if n := rt.server.MaxHeaderBytes; n <= 0 || n > 1<<20 {
		t.Errorf("headers of %d bytes are read", n)
	}
}
