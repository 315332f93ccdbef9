package push_test

import (
	"context"
	"errors"
	"testing"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
)

func TestOutcome(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errOdd)
	first, second := errors.New("first"), errors.New("second")
	var o push.Outcome
	if err := o.Err(t.Context(), "points"); err != nil {
		t.Errorf("all is delivered: %v", err)
	}
	o.Reject(2, first)
	o.Reject(3, second)
	err := o.Err(t.Context(), "points")
	if !errors.Is(err, export.ErrRejected) || !errors.Is(err, first) || errors.Is(err, second) ||
		err.Error() != export.Rejected(errors.New("5 points were not taken: first")).Error() {
		t.Errorf("some are rejected: %v", err)
	}
	if err := o.Err(ended, "points"); !errors.Is(err, errOdd) || errors.Is(err, export.ErrRejected) {
		t.Errorf("the context has ended: %v", err)
	}
	o.Failed = second
	if err := o.Err(ended, "points"); !errors.Is(err, second) || errors.Is(err, errOdd) {
		t.Errorf("the batch has to be repeated: %v", err)
	}
}
