package segment

import "github.com/metertree/metertree/collect/locks"

// shard is a sequence of segments. The lock orders: a shard's before an
// account's.
type shard struct {
	limit int

	mu       locks.Mutex
	failure  error
	active   *data
	complete []*data
	totals   totals
}

// totals are what a shard has done since it was made.
type totals struct{ appended, failed, rewrites int64 }

// data is one segment. Its bytes are written once, so readers keep slices of them
// without a lock, even after the segment was rewritten.
type data struct {
	bytes []byte
	// live is how many of the bytes belong to documents that can be read.
	live int
	// documents were written here; some may be superseded.
	documents []placed
}

type placed struct {
	account *account
	key     string
	version uint64
}

// count notes how an append ended.
func (s *shard) count(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.totals.failed++
	} else {
		s.totals.appended++
	}
}

func (s *shard) statistics() ShardStatistics {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := ShardStatistics{Appended: s.totals.appended, Failed: s.totals.failed, Rewrites: s.totals.rewrites}
	for _, d := range s.allLocked() {
		found.Segments++
		found.LiveBytes += d.live
		found.DeadBytes += len(d.bytes) - d.live
	}
	return found
}

func (s *shard) allLocked() []*data {
	if s.active == nil {
		return s.complete
	}
	return append(s.complete[:len(s.complete):len(s.complete)], s.active)
}

func (s *shard) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// roomLocked returns a segment with room for size bytes.
func (s *shard) roomLocked(size int) *data {
	if s.active != nil && len(s.active.bytes)+size > cap(s.active.bytes) {
		s.complete = append(s.complete, s.active)
		s.active = nil
	}
	if s.active == nil {
		s.active = &data{bytes: make([]byte, 0, max(s.limit, size))}
	}
	return s.active
}

// writeLocked copies the parts to the active segment and returns where they are.
func (s *shard) writeLocked(parts [][]byte, at placed) (*data, [][]byte) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	d := s.roomLocked(size)
	written := make([][]byte, len(parts))
	for i, part := range parts {
		start := len(d.bytes)
		d.bytes = append(d.bytes, part...)
		written[i] = d.bytes[start:len(d.bytes):len(d.bytes)]
	}
	d.live += size
	d.documents = append(d.documents, at)
	return d, written
}

// rewriteLocked moves what is alive out of the complete segments that are mostly
// dead, drops them and returns how many they were.
func (s *shard) rewriteLocked() int {
	before := s.complete
	s.complete = nil
	rewritten := 0
	for _, d := range before {
		if d.live*2 > len(d.bytes) {
			s.complete = append(s.complete, d)
			continue
		}
		for _, at := range d.documents {
			at.account.move(at, d, s)
		}
		rewritten++
	}
	return rewritten
}
