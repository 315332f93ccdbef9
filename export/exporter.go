package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/metertree/metertree/metric"
)

// Exporter delivers batches to a backend, or formats them.
//
// A controller calls the methods of one exporter from one goroutine at a time,
// and Shutdown last. Each call must return soon after its context ended.
type Exporter interface {
	// Export delivers a batch as a whole. It returns nil only if all of it was
	// delivered: what was counted is then not given again. After any other
	// error the next batch holds it too, unless the error is ErrRejected, which
	// says that no repetition can help. Retries within the context are the
	// exporter's: it knows what its backend asks for.
	//
	// The batch, its families and their points are valid until Export returns.
	Export(ctx context.Context, batch *Batch) error
	// Shutdown delivers what the exporter itself still holds and frees what it
	// uses, also when its context has ended. Export is not called after it.
	Shutdown(ctx context.Context) error
}

// Batch is one collection as one exporter sees it.
type Batch struct {
	// Temporality says whether sums and histograms are totals or deltas.
	Temporality metric.Temporality
	// Start is when the period of deltas began: the time of the last batch that
	// was delivered, or when the pipeline was started. Points of totals have
	// their own start.
	Start time.Time
	// Time is when the values were read.
	Time time.Time
	// Families yields every family with at least one point, ordered by name,
	// each name once, each label set of a family once; there may be none. It may
	// be iterated more than once: deltas are the same every time, while totals
	// may be read anew and have grown.
	Families iter.Seq[*metric.Family]
}

// ErrRejected says of a failed export that the backend will never take the
// batch, so that repeating it would only delay what comes next. The controller
// counts the batch as rejected and goes on.
var ErrRejected = errors.New("rejected by the backend")

// Rejected returns an error that wraps both ErrRejected and the cause.
func Rejected(cause error) error { return fmt.Errorf("%w: %w", ErrRejected, cause) }
