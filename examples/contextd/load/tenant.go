package load

import (
	"math/rand/v2"
	"sync"
)

// maxSessions is how many sessions a tenant goes on with at once.
const maxSessions = 20

// tenant is an account with its rate and its open sessions.
type tenant struct {
	account string
	mean    float64
	phase   float64

	mu       sync.Mutex
	factor   float64
	sessions []string
}

func (t *tenant) rate() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mean * t.factor
}

func (t *tenant) multiply(factor float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.factor *= factor
}

// remember keeps a session, in place of the oldest if there are too many.
func (t *tenant) remember(session string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions = append(t.sessions, session)
	if len(t.sessions) > maxSessions {
		t.sessions = t.sessions[1:]
	}
}

// forget drops a session that has ended.
func (t *tenant) forget(session string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range t.sessions {
		if s == session {
			t.sessions = append(t.sessions[:i:i], t.sessions[i+1:]...)
			return
		}
	}
}

// someSession is one of the sessions, or none.
func (t *tenant) someSession(random *rand.Rand) (session string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sessions) == 0 {
		return "", false
	}
	return t.sessions[random.IntN(len(t.sessions))], true
}
