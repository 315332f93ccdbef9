// Package event carries what happens in a program to those who count it or write
// it down, without making it wait for them.
//
// A Bus takes events of one type, by value. Each of its subscribers has a
// goroutine of its own and rings of its own, one for each shard of the bus, so a
// subscriber that is slow, stuck or panics loses events only for itself. A
// Publisher writes to one shard. Its events reach each subscriber in the order in
// which they were published; events of different publishers have no order.
//
// To publish is one atomic addition and one copy for each subscriber. It never
// waits: an event that finds a ring full is dropped for that subscriber, and
// counted. Nor does it wake anyone, except when another part of a ring has
// filled: subscribers look by themselves, every Options.Interval.
//
// # Meters
//
// All names are below "metertree" in Options.Scope; the key is subscriber.
//
//	name                kind     what
//	event_drops_total   counter  events that a subscriber did not get
//	event_panics_total  counter  events at which the subscriber's function panicked
//
// # Why not package buffer
//
// The write buffer has the same outer form: shards, bounded memory, a goroutine
// that hands on. But it keeps what it accepted until a flush succeeded, and makes
// a writer wait when there is no room; an event must not wait, and is worth
// losing then. It orders by key, where events are ordered by who published them.
// It takes a lock and wakes its flusher, which costs more than an event may, and
// its tables have one reader, not several that each proceed at their own pace.
// What is left is a bounded ring whose places are handed over by a number in
// each, after Dmitry Vyukov's bounded queue, here with one reader and an end.
package event
