package exporttest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/metertree/metertree/export"
)

// Recorder is an exporter that keeps copies of the batches it delivers. The zero
// value delivers everything; Next and Always make it fail. All methods may be
// called from any goroutine, so a test can look while a controller exports.
type Recorder struct {
	mu        sync.Mutex
	next      []Behaviour
	always    Behaviour
	attempts  int
	batches   []*export.Batch
	inside    int
	shutdowns int
	misuse    []error
}

// Next says what becomes of the next exports, one behaviour each, after those
// that earlier calls have named.
func (r *Recorder) Next(behaviours ...Behaviour) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = append(r.next, behaviours...)
}

// Always says what becomes of exports for which Next has named nothing.
func (r *Recorder) Always(b Behaviour) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.always = b
}

// Export implements export.Exporter.
func (r *Recorder) Export(ctx context.Context, batch *export.Batch) error {
	behave := r.enter()
	defer r.exit()
	if err := behave(ctx); err != nil {
		return err
	}
	// Nobody else is told of the batch, so it is copied without the lock.
	copied := CloneBatch(batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, copied)
	return nil
}

// Shutdown implements export.Exporter. It does nothing but be counted.
func (r *Recorder) Shutdown(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inside > 0 {
		r.misuse = append(r.misuse, errors.New("Shutdown was called during Export: call one at a time"))
	}
	r.shutdowns++
	return nil
}

func (r *Recorder) enter() Behaviour {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts++
	if r.inside > 0 {
		r.misuse = append(r.misuse, errors.New("Export was called during Export: call one at a time"))
	}
	if r.shutdowns > 0 {
		r.misuse = append(r.misuse, errors.New("Export was called after Shutdown: call Shutdown last"))
	}
	r.inside++
	if len(r.next) > 0 {
		b := r.next[0]
		r.next = r.next[1:]
		return b
	}
	if r.always != nil {
		return r.always
	}
	return Deliver
}

func (r *Recorder) exit() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
}

// Batches returns the delivered batches in order. They are copies and stay valid.
func (r *Recorder) Batches() []*export.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.batches)
}

// Attempts returns how often Export was called, whatever the outcome.
func (r *Recorder) Attempts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attempts
}

// Shutdowns returns how often Shutdown was called.
func (r *Recorder) Shutdowns() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shutdowns
}

// Misuse returns, joined, what the caller has broken of the contract: calls that
// overlap, and exports after a shutdown. It returns nil if there is nothing.
func (r *Recorder) Misuse() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.misuse...)
}
