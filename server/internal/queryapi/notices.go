package queryapi

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// noticeAge is how long a notice is shown after its last cause.
	noticeAge  = time.Minute
	maxNotices = 20
)

// notices remembers what was missing from answers.
type notices struct {
	now   func() time.Time
	first func(text string) // called when one appears

	mu   sync.Mutex
	seen map[string]time.Time
}

func (n *notices) add(text string) {
	if n.note(text) {
		n.first(text)
	}
}

// note reports whether the notice is new.
func (n *notices) note(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked()
	_, known := n.seen[text]
	if !known && len(n.seen) >= maxNotices {
		return false
	}
	if n.seen == nil {
		n.seen = make(map[string]time.Time)
	}
	n.seen[text] = n.now()
	return !known
}

func (n *notices) recent() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked()
	return slices.Sorted(maps.Keys(n.seen))
}

func (n *notices) expireLocked() {
	now := n.now()
	maps.DeleteFunc(n.seen, func(_ string, at time.Time) bool { return now.Sub(at) > noticeAge })
}
