// Package session keeps conversations in memory, encrypted, until they are idle
// for too long.
package session

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
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
	// Scope gets opened_total, expired_total, messages_total and open; it can
	// have one set of sessions.
	Scope meter.Scope
}

// Message is one turn; the text is encrypted.
type Message struct {
	Role   string
	Sealed []byte
}

// Sessions are the open sessions of all accounts. Methods may be called from any
// goroutine.
type Sessions struct {
	config          Config
	opened, expired meter.Counter
	messages        meter.Counter
	mu              sync.Mutex
	byAccount       map[string]map[string]*session
}

type session struct {
	messages []Message
	used     time.Time
}

// New makes an empty set of sessions.
func New(config Config) (*Sessions, error) {
	s := &Sessions{config: config, byAccount: map[string]map[string]*session{}}
	var openedErr, expiredErr, messagesErr error
	s.opened, openedErr = config.Scope.NewCounter("opened_total", meter.Help("Sessions opened."))
	s.expired, expiredErr = config.Scope.NewCounter("expired_total", meter.Help("Sessions that ended because they were idle."))
	s.messages, messagesErr = config.Scope.NewCounter("messages_total", meter.Help("Messages added to sessions."))
	openErr := config.Scope.GaugeFunc("open", func(o *meter.Observer) { o.Float(float64(s.Open())) },
		meter.Fold(metric.FoldSum), meter.Help("Sessions that are open."))
	return s, errors.Join(openedErr, expiredErr, messagesErr, openErr)
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
	sessions[name] = &session{used: time.Now()}
	s.opened.Inc()
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
				s.expired.Inc()
			}
		}
	}
}
