package promtree

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

// notices remembers for a while what was missing from answers. It is safe for
// concurrent use.
type notices struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func (n *notices) add(text string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked(now)
	if n.seen == nil {
		n.seen = make(map[string]time.Time)
	}
	if _, known := n.seen[text]; known || len(n.seen) < maxNotices {
		n.seen[text] = now
	}
}

// recent lists the notices in order.
func (n *notices) recent(now time.Time) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expireLocked(now)
	return slices.Sorted(maps.Keys(n.seen))
}

func (n *notices) expireLocked(now time.Time) {
	maps.DeleteFunc(n.seen, func(_ string, at time.Time) bool { return now.Sub(at) > noticeAge })
}
