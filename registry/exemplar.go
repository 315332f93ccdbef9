package registry

import (
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/metric"
)

// exemplars holds the latest exemplar of each bucket of a histogram. Nothing
// is allocated before the first is offered.
type exemplars struct {
	buckets atomic.Pointer[[]atomic.Pointer[metric.Exemplar]]
}

// exemplarInterval is for how long a bucket keeps its exemplar: a busy bucket
// would otherwise allocate one for each observation.
const exemplarInterval = time.Second

// offer keeps the exemplar for a bucket unless a fresh one is there.
func (e *exemplars) offer(bucket, buckets int, exemplar metric.Exemplar) {
	held := e.buckets.Load()
	if held == nil {
		fresh := make([]atomic.Pointer[metric.Exemplar], buckets)
		e.buckets.CompareAndSwap(nil, &fresh)
		held = e.buckets.Load()
	}
	at := &(*held)[bucket]
	if old := at.Load(); old == nil || exemplar.Time.Sub(old.Time) >= exemplarInterval {
		at.Store(&exemplar)
	}
}

// current returns the exemplars by bucket, nil where there is none; nil
// altogether if none was ever offered.
func (e *exemplars) current() []*metric.Exemplar {
	held := e.buckets.Load()
	if held == nil {
		return nil
	}
	current := make([]*metric.Exemplar, len(*held))
	for i := range *held {
		current[i] = (*held)[i].Load()
	}
	return current
}
