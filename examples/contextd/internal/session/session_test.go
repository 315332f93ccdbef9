package session

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func newSessions(t *testing.T) *Sessions {
	t.Helper()
	s, err := New(Config{PerAccount: 2, MaxMessages: 2, IdleAfter: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, s *Sessions, account string) string {
	t.Helper()
	name, err := s.Start(account)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	s := newSessions(t)
	name := start(t, s, "one")
	for i, role := range []string{"user", "assistant"} {
		if position, err := s.Add("one", name, Message{Role: role}); position != i || err != nil {
			t.Errorf("message %d is at position %d, %v", i, position, err)
		}
	}
	messages, err := s.Messages("one", name)
	if err != nil || len(messages) != 2 || messages[0].Role != "user" || messages[1].Role != "assistant" {
		t.Errorf("messages %v, %v", messages, err)
	}
}

func TestBounds(t *testing.T) {
	s := newSessions(t)
	name := start(t, s, "one")
	start(t, s, "one")
	if _, err := s.Start("one"); !errors.Is(err, ErrFull) {
		t.Errorf("third session: %v, want ErrFull", err)
	}
	start(t, s, "two")
	for range 2 {
		if _, err := s.Add("one", name, Message{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Add("one", name, Message{}); !errors.Is(err, ErrFull) {
		t.Errorf("third message: %v, want ErrFull", err)
	}
}

func TestSessionsBelongToTheirAccount(t *testing.T) {
	s := newSessions(t)
	name := start(t, s, "one")
	if _, err := s.Add("two", name, Message{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("message from another account: %v, want ErrUnknown", err)
	}
	if _, err := s.Messages("two", name); !errors.Is(err, ErrUnknown) {
		t.Errorf("read from another account: %v, want ErrUnknown", err)
	}
}

func TestIdleSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(t)
		idle, used := start(t, s, "one"), start(t, s, "one")
		time.Sleep(40 * time.Second)
		if _, err := s.Add("one", used, Message{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		s.Expire()
		if _, err := s.Messages("one", idle); !errors.Is(err, ErrUnknown) {
			t.Errorf("session idle for a minute: %v, want ErrUnknown", err)
		}
		if _, err := s.Messages("one", used); err != nil {
			t.Errorf("session used 20s ago: %v", err)
		}
		if open := s.Open(); open != 1 {
			t.Errorf("%d sessions open, want 1", open)
		}
	})
}
