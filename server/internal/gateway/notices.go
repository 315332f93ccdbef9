package gateway

import (
	"log/slog"
	"sync"
	"time"

	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

const (
	// noticeAgain is when the same thing is logged once more.
	noticeAgain = time.Hour
	// maxNotices is how many different things are told apart.
	maxNotices = 1000
)

// notices logs what goes wrong with pushes, each thing once: what repeats is in
// the metrics.
type notices struct {
	log *slog.Logger
	now func() time.Time
	mu  *sync.Mutex
	// told is when something was logged last.
	told map[notice]time.Time
}

type notice struct {
	metric string
	reason push.Reason
}

func newNotices(log *slog.Logger, now func() time.Time) notices {
	return notices{log: log, now: now, mu: &sync.Mutex{}, told: map[notice]time.Time{}}
}

// note logs what was refused, and what was taken with doubts.
func (n *notices) note(o *merge.Outcome) {
	for reason, first := range o.Refused.First {
		if n.first(notice{first.Metric, reason}) {
			n.log.Warn("points refused", "metric", first.Metric, "reason", string(reason), "why", first.Cause, "points", o.Refused.Counts[reason])
		}
	}
	if o.Conflicts > 0 && n.first(notice{o.Warning.Metric, "two_writers"}) {
		n.log.Warn("two processes write one stream", "metric", o.Warning.Metric, "why", o.Warning.Cause)
	}
}

// failed logs that the storage does not work.
func (n *notices) failed(err error) {
	if n.first(notice{"", "storage"}) {
		n.log.Error("the journal cannot be written; pushes are refused until it can", "err", err)
	}
}

// first reports whether something is to be logged.
func (n *notices) first(what notice) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.now()
	if told, known := n.told[what]; known && now.Sub(told) < noticeAgain {
		return false
	}
	if len(n.told) >= maxNotices {
		clear(n.told)
	}
	n.told[what] = now
	return true
}
