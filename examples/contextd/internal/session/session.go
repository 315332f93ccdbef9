// Package session keeps conversations in memory, encrypted, until they are idle
// for too long.
package session

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/collect/tasks"
	"github.com/metertree/metertree/meter"
)

// ErrUnknown says that there is no such session, or no longer.
var ErrUnknown = errors.New("session is unknown or expired: open a new one")

// ErrFull says that a session or an account is at its bound.
var ErrFull = errors.New("no room for more: open a new session later")

// Config bounds the sessions.
type Config struct {
	// PerAccount bounds the open sessions of an account.
	PerAccount int
	// MaxMessages bounds the messages of a session.
	MaxMessages int
	// IdleAfter is how long a session may be idle before it expires.
	IdleAfter time.Duration
	// Scope gets the metrics of package collect/tasks for sessions, and
	// messages_total.
	Scope meter.Scope
	// Lock meters the lock of the sessions; nil does not.
	Lock *locks.Meters
}

// Message is one turn; the text is encrypted.
type Message struct {
	Role   string
	Sealed []byte
}

// Sessions are the open sessions of all accounts. Methods may be called from any
// goroutine.
type Sessions struct {
	config   Config
	meters   *tasks.Sessions
	messages meter.Counter

	mu        locks.Mutex
	byAccount map[string]map[string]*session
}

type session struct {
	meter    tasks.Session
	messages []Message
	used     time.Time
}

// New makes an empty set of sessions.
func New(config Config) (*Sessions, error) {
	s := &Sessions{config: config, byAccount: map[string]map[string]*session{}}
	s.mu.Meters = config.Lock
	var metersErr, messagesErr error
	s.meters, metersErr = tasks.NewSessions(config.Scope)
	s.messages, messagesErr = config.Scope.NewCounter("messages_total", meter.Help("Messages added to sessions."))
	return s, errors.Join(metersErr, messagesErr)
}

// Open is how many sessions are open.
func (s *Sessions) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for _, sessions := range s.byAccount {
		open += len(sessions)
	}
	return open
}

// Start opens a session and returns its name, or fails with ErrFull.
func (s *Sessions) Start(account string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := s.byAccount[account]
	if len(sessions) >= s.config.PerAccount {
		return "", fmt.Errorf("account has %d open sessions: %w", len(sessions), ErrFull)
	}
	if sessions == nil {
		sessions = map[string]*session{}
		s.byAccount[account] = sessions
	}
	name := rand.Text()
	sessions[name] = &session{meter: s.meters.Opened(), used: time.Now()}
	return name, nil
}

// Add appends a message and returns its position, or fails with ErrUnknown or
// ErrFull.
func (s *Sessions) Add(account, name string, m Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.byAccount[account][name]
	if at == nil {
		return 0, ErrUnknown
	}
	if len(at.messages) >= s.config.MaxMessages {
		return 0, fmt.Errorf("session has %d messages: %w", len(at.messages), ErrFull)
	}
	at.messages = append(at.messages, m)
	at.used = time.Now()
	s.messages.Inc()
	return len(at.messages) - 1, nil
}

// Messages returns the messages of a session, or fails with ErrUnknown.
func (s *Sessions) Messages(account, name string) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.byAccount[account][name]
	if at == nil {
		return nil, ErrUnknown
	}
	at.used = time.Now()
	return at.messages[:len(at.messages):len(at.messages)], nil
}

// Expire ends the sessions that have been idle for too long.
func (s *Sessions) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sessions := range s.byAccount {
		for name, at := range sessions {
			if time.Since(at.used) >= s.config.IdleAfter {
				delete(sessions, name)
				s.meters.Closed(at.meter, tasks.Expired)
			}
		}
	}
}
