// Package locks meters locks: Mutex and RWMutex are those of package sync with
// meters, and External meters locks that something else provides, such as a
// database.
//
// The names are within the scope given, usually one with the segment locks. The
// key component names the lock, or a group of locks that are alike, and operation
// is lock, rlock, or acquire of an external lock. Locks of a Mutex or an RWMutex:
//
//	name                                   kind           what
//	contended_total{component,operation}   counter        lockings that had to wait
//	waiters{component,operation}           updowncounter  goroutines that wait
//	wait_seconds{component,operation}      histogram      how long they waited
//	hold_seconds{component,operation}      histogram      how long the lock was held, if Config.HoldTime is set
//
// and external locks, besides wait_seconds and hold_seconds:
//
//	name                                   kind           what
//	acquisitions_total{component,status}   counter        attempts that ended: ok, timeout, canceled or error
//	lost_total{component}                  counter        locks lost while they were held
//	held{component}                        updowncounter  locks that are held
//
// A Mutex that is free is taken with one attempt and no look at the clock. Only
// where that fails the wait is measured, so wait_seconds tells nothing of the
// lockings that did not wait.
package locks
