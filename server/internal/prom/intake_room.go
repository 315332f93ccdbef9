package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime/metrics"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// maxLabelBytes is how long the labels of one series may be together. Each is
// kept in memory, in the log and in the index of every block.
const maxLabelBytes = 64 << 10

// seriesShare is the part of the memory limit that live objects may take before
// new series are refused; the rest is for queries, and for requests in work.
const seriesShare = 0.5

// roomPeriod is how many new series pass between two looks at the memory.
const roomPeriod = 256

var (
	errNoRoom     = errors.New("no new series are taken, because memory is short of its limit: raise --memory-limit or GOMEMLIMIT, or send fewer series")
	errLongLabels = fmt.Errorf("labels are longer than %d bytes together: shorten their values", maxLabelBytes)
	// Pushes are refused for good by an error of this kind, and scrapes are not.
	errLongPushedLabels = fmt.Errorf("%w: %w", storage.ErrOutOfBounds, errLongLabels)
)

// memoryLimit is the runtime's limit in bytes, as GOMEMLIMIT or
// debug.SetMemoryLimit set it. None is math.MaxInt64.
func memoryLimit() uint64 {
	limit, _ := memory()
	return limit
}

// memory gives the limit and what the last collection of garbage left alive, in
// bytes. Near the limit collections are frequent, and so it is up to date.
func memory() (limit, live uint64) {
	samples := [...]metrics.Sample{{Name: "/gc/gomemlimit:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples[:])
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

// room decides for one appender, which one goroutine uses, whether there is room
// on the disk, and in memory for series that the database does not know yet.
type room struct {
	disk     error // why nothing can be written
	asked    int
	short    bool
	refusals *refusals
}

func newRoom(r *refusals) room { return room{disk: r.ledger.writable(), refusals: r} }

// admit reports why a sample cannot be taken. In memory there is always room for
// one of a series that is known, as a reference or there.
func (r *room) admit(ref storage.SeriesRef, l labels.Labels) error {
	if r.disk != nil {
		return r.disk
	}
	if ref != 0 {
		return nil
	}
	if l.ByteSize() > maxLabelBytes {
		r.refusals.longLabels.Inc()
		return errLongLabels
	}
	if r.asked%roomPeriod == 0 {
		limit, live := memory()
		r.short = limit != math.MaxInt64 && float64(live) > seriesShare*float64(limit)
	}
	r.asked++
	if !r.short || r.refusals.known(l) {
		return nil
	}
	r.refusals.noRoom.Inc()
	return errNoRoom
}

// knownTo tells which series a database holds in memory.
func knownTo(db storage.Appendable) func(labels.Labels) bool {
	return func(l labels.Labels) bool {
		appender := db.Appender(context.Background())
		// Nothing was appended that could fail to be taken back.
		defer func() { _ = appender.Rollback() }()
		refs, ok := appender.(storage.GetRef)
		if !ok {
			return false
		}
		ref, _ := refs.GetRef(l, l.Hash())
		return ref != 0
	}
}

// roomKey is the key of a request context that holds whether the request was
// refused for want of room.
type roomKey struct{}

// pushError is the error for a pusher: one that says not to come again, unless
// there may be room later.
func pushError(ctx context.Context, err error) error {
	switch err {
	case errLongLabels:
		return errLongPushedLabels
	case errNoRoom, errNoSpace, errTornLog:
		askAgain(ctx)
	}
	return err
}

// commitError is the error for a pusher whose samples could not be committed.
func commitError(ctx context.Context, l *ledger, err error) error {
	if l.note(err) != nil && l.torn.Load() {
		askAgain(ctx)
	}
	return err
}

// askAgain makes the answer to the request tell the pusher to come again.
func askAgain(ctx context.Context) {
	if refused, ok := ctx.Value(roomKey{}).(*atomic.Bool); ok {
		refused.Store(true)
	}
}

// roomAnswer tells a pusher that was refused for want of room to come again.
// The endpoints answer 500 to what they do not know.
type roomAnswer struct {
	http.ResponseWriter
	refused *atomic.Bool
	busy    int // the status for a pusher that is to come again
	status  int // what was answered; 0 if nothing was
}

// WriteHeader implements http.ResponseWriter.
func (a *roomAnswer) WriteHeader(status int) {
	if status == http.StatusInternalServerError && a.refused.Load() {
		status = a.busy
		a.Header().Set("Retry-After", roomRetryAfter)
	}
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// roomRetryAfter is how many seconds a pusher shall wait for room. Series leave
// memory after hours, but load may go at once, and so may what fills the disk.
const roomRetryAfter = "30"
