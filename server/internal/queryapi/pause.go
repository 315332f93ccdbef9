package queryapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// patience is how long a request waits for a busy server.
	patience = 3 * time.Second
	// defaultPause is for a server that does not say how long.
	defaultPause = time.Second
	maxPause     = time.Minute
)

// busyError is a server that wants to be left alone.
type busyError struct {
	status int
	until  time.Duration
}

func (e *busyError) Error() string {
	return fmt.Sprintf("it has too much to do (%d %s) and wants no request for %s: ask for less at once, or raise its limits",
		e.status, http.StatusText(e.status), e.until.Round(100*time.Millisecond))
}

// pause keeps requests back for as long as the server asked.
type pause struct {
	now func() time.Time

	mu     sync.Mutex
	until  time.Time
	status int
}

// begin starts a pause of the length the response asks for.
func (p *pause) begin(status int, header http.Header) error {
	now := p.now()
	length := min(max(retryAfter(header.Get("Retry-After"), now), 0), maxPause)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until, p.status = now.Add(length), status
	return &busyError{status, length}
}

// retryAfter reads the header: seconds or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		// More seconds than a duration holds are as good as the longest pause.
		return time.Duration(min(seconds, int(maxPause/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now)
	}
	return defaultPause
}

// wait returns when the pause is over, or at once with an error if that is too
// long to wait.
func (p *pause) wait(ctx context.Context) error {
	p.mu.Lock()
	left, status := p.until.Sub(p.now()), p.status
	p.mu.Unlock()
	if left <= 0 {
		return nil
	}
	if left > patience {
		return &busyError{status, left}
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &busyError{status, left}
	}
}
