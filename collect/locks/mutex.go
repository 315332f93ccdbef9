package locks

import (
	"sync"
	"time"
)

// Mutex is a sync.Mutex with meters. It must not be copied after its first use;
// without Meters it is only a mutex.
type Mutex struct {
	// Meters is set before the first use.
	Meters *Meters

	mu sync.Mutex
	// since is when the mutex was locked, if that is measured; it is guarded by mu.
	since time.Time
}

// Lock locks the mutex, and waits until it can.
func (m *Mutex) Lock() {
	if !m.mu.TryLock() {
		if m.Meters == nil {
			m.mu.Lock()
			return
		}
		m.Meters.lock.wait(&m.mu)
	}
	m.since = m.Meters.locked()
}

// TryLock locks the mutex if it is free, and reports whether it was.
func (m *Mutex) TryLock() bool {
	if !m.mu.TryLock() {
		return false
	}
	m.since = m.Meters.locked()
	return true
}

// Unlock unlocks the mutex, which must be locked.
func (m *Mutex) Unlock() {
	since := m.since
	m.mu.Unlock()
	m.Meters.unlocked(since)
}

// RWMutex is a sync.RWMutex with meters, as Mutex is a sync.Mutex. How long
// readers hold it is not measured.
type RWMutex struct {
	// Meters is set before the first use.
	Meters *Meters

	mu sync.RWMutex
	// since is when a writer locked the mutex, if that is measured; it is guarded
	// by mu.
	since time.Time
}

// Lock locks the mutex for writing, and waits until it can.
func (m *RWMutex) Lock() {
	if !m.mu.TryLock() {
		if m.Meters == nil {
			m.mu.Lock()
			return
		}
		m.Meters.lock.wait(&m.mu)
	}
	m.since = m.Meters.locked()
}

// TryLock locks the mutex for writing if it is free, and reports whether it was.
func (m *RWMutex) TryLock() bool {
	if !m.mu.TryLock() {
		return false
	}
	m.since = m.Meters.locked()
	return true
}

// Unlock unlocks the mutex, which must be locked for writing.
func (m *RWMutex) Unlock() {
	since := m.since
	m.mu.Unlock()
	m.Meters.unlocked(since)
}

// RLock locks the mutex for reading, and waits until it can.
func (m *RWMutex) RLock() {
	switch {
	case m.mu.TryRLock():
	case m.Meters == nil:
		m.mu.RLock()
	default:
		m.Meters.rlock.wait(m.mu.RLocker())
	}
}

// TryRLock locks the mutex for reading if no writer has it or waits for it, and
// reports whether it did.
func (m *RWMutex) TryRLock() bool { return m.mu.TryRLock() }

// RUnlock undoes one RLock.
func (m *RWMutex) RUnlock() { m.mu.RUnlock() }

// RLocker returns a locker whose Lock and Unlock are RLock and RUnlock.
func (m *RWMutex) RLocker() sync.Locker { return (*rlocker)(m) }

type rlocker RWMutex

func (r *rlocker) Lock()   { (*RWMutex)(r).RLock() }
func (r *rlocker) Unlock() { (*RWMutex)(r).RUnlock() }

// locked returns when a lock was locked, if that is measured.
func (m *Meters) locked() (since time.Time) {
	if m != nil && m.held != nil {
		since = time.Now()
	}
	return since
}

// unlocked records how long a lock was held, after it was unlocked, so that the
// meters do not keep others waiting.
func (m *Meters) unlocked(since time.Time) {
	if m != nil && m.held != nil {
		m.held.ObserveSince(since)
	}
}
