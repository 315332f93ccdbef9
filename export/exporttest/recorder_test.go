package exporttest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

func sample() *export.Batch {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return newBatch(metric.Cumulative, now, plainFamilies(now))
}

func TestRecorderDoesAsItIsTold(t *testing.T) {
	r := &Recorder{}
	r.Next(Fail(errDown), Reject(errDown), Deliver)
	r.Always(Fail(errDown))
	export1 := func() error { return r.Export(t.Context(), sample()) }
	if err := export1(); !errors.Is(err, errDown) || errors.Is(err, export.ErrRejected) {
		t.Errorf("Fail gives %v", err)
	}
	if err := export1(); !errors.Is(err, export.ErrRejected) || !errors.Is(err, errDown) {
		t.Errorf("Reject gives %v", err)
	}
	if err := export1(); err != nil {
		t.Errorf("Deliver gives %v", err)
	}
	if err := export1(); !errors.Is(err, errDown) {
		t.Errorf("Always gives %v", err)
	}
	if r.Attempts() != 4 || len(r.Batches()) != 1 || text(r.Batches()[0]) != text(sample()) {
		t.Errorf("%d attempts, %d batches", r.Attempts(), len(r.Batches()))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDown)
	if err := Hang(ctx); !errors.Is(err, errDown) {
		t.Errorf("Hang gives %v", err)
	}
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("Panic gives %v", v)
		}
		if err := r.Misuse(); err != nil {
			t.Errorf("misuse: %v", err)
		}
	}()
	r.Always(Panic("boom"))
	_ = export1()
}

func TestRecorderTellsMisuse(t *testing.T) {
	r := &Recorder{}
	r.Always(func(ctx context.Context) error {
		r.Always(nil)
		_ = r.Export(ctx, sample())
		return r.Shutdown(ctx)
	})
	_ = r.Export(t.Context(), sample())
	_ = r.Export(t.Context(), sample())
	if r.Shutdowns() != 1 {
		t.Errorf("%d shutdowns", r.Shutdowns())
	}
	err := r.Misuse()
	for _, says := range []string{"Export was called during Export", "Shutdown was called during Export", "Export was called after Shutdown"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("misuse is told as %v, want %q", err, says)
		}
	}
}

// What a Recorder keeps outlives the batch.
func TestRecorderKeepsCopies(t *testing.T) {
	r := &Recorder{}
	l := lend(sample())
	if err := r.Export(t.Context(), l.batch()); err != nil {
		t.Fatal(err)
	}
	l.recall()
	if got, want := text(r.Batches()[0]), text(sample()); got != want {
		t.Errorf("kept\n%s\nwant\n%s", got, want)
	}
}
