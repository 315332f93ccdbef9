package control

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/metertree/metertree/export/exporttest"
)

// Of batches that are rejected one after the other, the first is logged.
func TestRejectionsAreLoggedOnce(t *testing.T) {
	var log strings.Builder
	bubble(t, "a", func(o *PushOptions) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) }, func(h *harness) {
		h.Start()
		for _, step := range []struct {
			behaviour exporttest.Behaviour
			lines     int
		}{
			{exporttest.Reject(errDown), 1},
			{exporttest.Reject(errors.New("another reason")), 1},
			{exporttest.Reject(errDown), 1},
			{exporttest.Deliver, 1},
			{exporttest.Reject(errDown), 2},
			{exporttest.Fail(errDown), 2},
			{exporttest.Reject(errDown), 3},
			{exporttest.Reject(errDown), 3},
		} {
			h.sinks["a"].Next(step.behaviour)
			h.record(1)
			// What becomes of the batch is told by the log here.
			_ = h.Flush(h.t.Context())
			if n := strings.Count(log.String(), "export was rejected"); n != step.lines {
				t.Errorf("%d rejections are logged, want %d:\n%s", n, step.lines, log.String())
			}
		}
		h.mustShut()
	})
	if !strings.Contains(log.String(), errDown.Error()) {
		t.Errorf("the reason is not logged:\n%s", log.String())
	}
}
