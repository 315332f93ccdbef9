package pause_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/pause"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		for _, d := range []time.Duration{-1, 0, 20 * time.Second} {
			if err := pause.For(ctx, d); err != nil {
				t.Errorf("For(%v) = %v", d, err)
			}
		}
		if waited := time.Since(start); waited != 20*time.Second {
			t.Errorf("waited %v, want 20s", waited)
		}
		if err := pause.For(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("For beyond the deadline = %v", err)
		}
		if err := pause.For(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("For(0) after the deadline = %v", err)
		}
	})
}
