package merge

import (
	"crypto/sha256"
	"encoding/binary"
)

// A stream that is silent for long is reduced to a fingerprint: when and what it
// said last. Should it return with the same start, it goes on from there.

// graveKey tells forgotten streams apart. It is cryptographic, so that nobody can
// craft labels that are taken for another's.
type graveKey [16]byte

// deltaStart stands, in keys, for the deltas of a stream.
const deltaStart = -1

// grave is what is remembered of a stream, or of one process of it. Of
// distributions there is no value.
type grave struct {
	At     int64
	Number number
}

// graveyard holds a bounded number of them, and drops the oldest.
type graveyard struct {
	byKey map[graveKey]buried
	// queue has the keys in order; one whose time differs from that in byKey is
	// void.
	queue   []burial
	evicted uint64
}

type buried struct {
	grave
	Put uint64
}

type burial struct {
	Key graveKey
	// Time is when it was forgotten, and Put tells repetitions of a key apart.
	Time int64
	Put  uint64
}

func newGraveyard() graveyard { return graveyard{byKey: map[graveKey]buried{}} }

func keyOf(st *stream, start int64) graveKey {
	b := make([]byte, 0, 512)
	for _, part := range []string{st.source.identity, st.family.name, st.labels} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(binary.AppendVarint(b, start))
	return graveKey(sum[:16])
}

// look returns what is remembered.
func (g *graveyard) look(key graveKey) (grave, bool) {
	found, ok := g.byKey[key]
	return found.grave, ok
}

// clear forgets what is remembered, because the stream is followed again.
func (g *graveyard) clear(key graveKey) { delete(g.byKey, key) }

func (g *graveyard) put(key graveKey, what grave, now int64) {
	put := uint64(1)
	if n := len(g.queue); n > 0 {
		put = g.queue[n-1].Put + 1
	}
	g.byKey[key] = buried{what, put}
	g.queue = append(g.queue, burial{key, now, put})
}

// expire drops what was forgotten before the given time, and the oldest until
// there are no more than most.
func (g *graveyard) expire(before int64, most int) {
	n := 0
	for ; n < len(g.queue); n++ {
		first := g.queue[n]
		known := g.byKey[first.Key].Put == first.Put
		if known && first.Time >= before && len(g.byKey) <= most {
			break
		}
		if known {
			delete(g.byKey, first.Key)
			if first.Time >= before {
				g.evicted++
			}
		}
	}
	g.queue = g.queue[n:]
	if len(g.byKey) == 0 {
		g.queue = nil
	}
}

// Advance makes it the given time, in nanoseconds since 1970, and forgets what was
// silent for too long. It does nothing else than the next Apply would.
func (s *State) Advance(at int64) {
	s.now = max(s.now, at)
	for st := s.idle.first; st != nil && st.links.seen < s.now-int64(s.settings.Idle); st = s.idle.first {
		s.forget(st)
	}
	for it := s.unseen.first; it != nil && it.live == 0 && it.links.seen < s.now-int64(s.settings.Forget); it = s.unseen.first {
		s.dropSeries(it)
		s.release(it.family)
	}
	s.gone.expire(s.now-int64(s.settings.Remember), s.settings.Streams)
}

// Rewind makes it an earlier time, for a clock that was wrong and was set: nothing
// was seen later than that.
func (s *State) Rewind(to int64) {
	if s.now <= to {
		return
	}
	s.now = to
	for st := s.idle.first; st != nil; st = st.links.next {
		st.links.seen = min(st.links.seen, to)
		for i := range st.tracks {
			st.tracks[i].seen = min(st.tracks[i].seen, to)
		}
	}
	for it := s.unseen.first; it != nil; it = it.links.next {
		it.links.seen = min(it.links.seen, to)
	}
	for i := range s.gone.queue {
		s.gone.queue[i].Time = min(s.gone.queue[i].Time, to)
	}
}

// Now is the time of the last batch, in nanoseconds since 1970.
func (s *State) Now() int64 { return s.now }

// Evicted is how many fingerprints were dropped because there were too many.
func (s *State) Evicted() uint64 { return s.gone.evicted }

// touch notes that a stream and its series were seen.
func (s *State) touch(st *stream) {
	s.idle.touch(st, s.now)
	s.unseen.touch(st.series, s.now)
}

// forget reduces a stream to its fingerprints.
func (s *State) forget(st *stream) {
	if u := st.track(0); u != nil && u.base != 0 {
		// It may return with the start, or without.
		s.bury(st, u)
		s.unite(st)
	}
	for i := range st.tracks {
		s.bury(st, &st.tracks[i])
	}
	if st.windows != nil {
		s.gone.put(keyOf(st, deltaStart), grave{At: st.windows.end()}, s.now)
	}
	f := st.family
	s.remove(st)
	s.release(f)
}

func (s *State) bury(st *stream, t *track) {
	if t.ended && t.start == 0 {
		if t.distribution == nil {
			// Whoever returns is another, who counted from zero.
			s.gone.put(keyOf(st, 0), grave{At: t.at, Number: number{Whole: true}}, s.now)
		}
		return
	}
	s.gone.put(keyOf(st, t.start), grave{At: t.at, Number: t.number}, s.now)
}

// removeTrack forgets a process of a stream.
func (s *State) removeTrack(st *stream, start int64) {
	if t := st.track(start); t != nil {
		s.held -= t.cost()
		st.drop(start)
	}
}

// remove takes a stream out of everything that refers to it.
func (s *State) remove(st *stream) {
	st.series.leave(st)
	st.series.live--
	if st.series.live == 0 && (st.family.instant() || st.series.links.seen == never) {
		s.dropSeries(st.series)
	}
	s.idle.remove(st)
	st.family.streams--
	s.held -= st.cost()
	delete(st.source.streams, streamKey{st.family, st.labels})
	s.dropSource(st.source)
}
