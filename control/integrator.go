package control

import (
	"context"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrate"
)

// Integrator takes the checkpoints of one target or of a Pull;
// *integrate.Integrator is one. It is called from one goroutine at a time, which
// is done with a checkpoint before it takes the next. What else it can do is done
// in a call of Between.
type Integrator interface {
	Checkpoint(ctx context.Context) (*integrate.Checkpoint, error)
}

// batchOf returns a checkpoint as exporters see it.
func batchOf(c *integrate.Checkpoint) *export.Batch {
	return &export.Batch{Temporality: c.Temporality, Start: c.Start, Time: c.Time, Families: c.Families()}
}
