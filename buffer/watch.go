package buffer

import (
	"context"
	"slices"
)

// watcher waits until the records that a shard had accepted are settled, and
// gathers the errors of the batches that fail until then.
type watcher struct {
	target uint64
	errs   []error
	// over is closed when the target is reached.
	over chan struct{}
}

// demand asks for everything accepted so far to be settled.
func (s *shard[T]) demand() *watcher {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &watcher{target: s.accepted, over: make(chan struct{})}
	if s.settled == w.target {
		close(w.over)
		return w
	}
	s.watchers = append(s.watchers, w)
	s.demanded = w.target
	s.signal()
	return w
}

// awaitSettled returns the errors of the batches that failed until the target
// was reached or ctx ended, and which of the two it was.
func (s *shard[T]) awaitSettled(ctx context.Context, w *watcher) (errs []error, reached bool) {
	select {
	case <-w.over:
		return w.errs, true
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.watchers, w)
	if at < 0 {
		return w.errs, true
	}
	s.watchers = slices.Delete(s.watchers, at, at+1)
	return w.errs, false
}

// informLocked tells the watchers that a batch was settled, with an error if
// it failed.
func (s *shard[T]) informLocked(err error) {
	s.watchers = slices.DeleteFunc(s.watchers, func(w *watcher) bool {
		if err != nil {
			w.errs = append(w.errs, err)
		}
		if s.settled < w.target {
			return false
		}
		close(w.over)
		return true
	})
}
