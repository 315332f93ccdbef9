package push

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/export"
)

// Outcome is what becomes of one batch.
type Outcome struct {
	// Failed is why the batch has to be repeated, or nil.
	Failed error
	// Rejected is how many items the backend will never take, and Why the first
	// error of them.
	Rejected int
	Why      error
}

// Reject notes that some items will never be taken.
func (o *Outcome) Reject(items int, why error) {
	o.Rejected += items
	if o.Why == nil {
		o.Why = why
	}
}

// Err returns what Export does within a context. The noun is of the items.
func (o *Outcome) Err(ctx context.Context, noun string) error {
	switch {
	case o.Failed != nil:
		return o.Failed
	case context.Cause(ctx) != nil:
		// A collection that the context cut short looks like a small one.
		return context.Cause(ctx)
	case o.Rejected > 0:
		return export.Rejected(fmt.Errorf("%d %s were not taken: %w", o.Rejected, noun, o.Why))
	}
	return nil
}
