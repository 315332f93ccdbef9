package contextd

import (
	"sync"
	"time"
)

// limiter is a token bucket: it admits a rate of requests, and a second's worth
// of them at once.
type limiter struct {
	rate float64

	mu     sync.Mutex
	tokens float64
	at     time.Time
}

func newLimiter(rate float64) *limiter {
	return &limiter{rate: rate, tokens: rate, at: time.Now()}
}

// admit reports whether one more request may come now.
func (l *limiter) admit() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tokens = min(l.tokens+now.Sub(l.at).Seconds()*l.rate, max(l.rate, 1))
	l.at = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
