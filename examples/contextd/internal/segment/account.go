package segment

import (
	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
)

// account is the index of one account's documents.
type account struct {
	mu        locks.RWMutex
	documents map[string]*document
	// forgotten are the newest deletions, so that a version that arrives after
	// the deletion of a later one does not bring the document back.
	forgotten deletions
}

// document is a document that can be read.
type document struct {
	version     uint64
	kind, title string
	segment     *data
	sealed      [][]byte
	vectors     []embedding.Vector
}

func newAccount(lock *locks.Meters) *account {
	a := &account{documents: map[string]*document{}, forgotten: newDeletions()}
	a.mu.Meters = lock
	return a
}

func (a *account) count() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.documents)
}

// apply takes a record over, unless a newer version is there. The shard's lock is
// held.
func (a *account) apply(r Record, s *shard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	have := a.documents[r.Document]
	if have != nil && have.version >= r.Version || a.forgotten.version(r.Document) >= r.Version {
		return
	}
	if have != nil {
		have.segment.live -= have.size()
	}
	if r.State == Deleted {
		delete(a.documents, r.Document)
		a.forgotten.add(r.Document, r.Version)
		return
	}
	d := &document{version: r.Version, kind: r.Type, title: r.Title}
	parts := make([][]byte, len(r.Chunks))
	for i, c := range r.Chunks {
		parts[i] = c.Sealed
		d.vectors = append(d.vectors, c.Vector)
	}
	d.segment, d.sealed = s.writeLocked(parts, placed{a, r.Document, r.Version})
	a.documents[r.Document] = d
}

// move writes a document anew if it still is where it was placed. The shard's
// lock is held.
func (a *account) move(at placed, from *data, s *shard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	have := a.documents[at.key]
	if have == nil || have.version != at.version || have.segment != from {
		return
	}
	// Readers may hold the document, so it is replaced, not changed.
	moved := *have
	moved.segment, moved.sealed = s.writeLocked(have.sealed, at)
	a.documents[at.key] = &moved
}

func (d *document) size() int {
	size := 0
	for _, part := range d.sealed {
		size += len(part)
	}
	return size
}

// maxDeletions is how many deletions an account remembers. A version that is
// older and still on its way is then far behind: queues hold much less.
const maxDeletions = 10_000

// deletions are the newest deletions by document.
type deletions struct {
	versions map[string]uint64
	order    []deletion // a ring of maxDeletions
	next     int
}

type deletion struct {
	document string
	version  uint64
}

func newDeletions() deletions { return deletions{versions: map[string]uint64{}} }

func (d *deletions) version(document string) uint64 { return d.versions[document] }

func (d *deletions) add(document string, version uint64) {
	added := deletion{document, version}
	if len(d.order) < maxDeletions {
		d.order = append(d.order, added)
	} else {
		oldest := d.order[d.next]
		if d.versions[oldest.document] == oldest.version {
			delete(d.versions, oldest.document)
		}
		d.order[d.next] = added
		d.next = (d.next + 1) % maxDeletions
	}
	d.versions[document] = version
}
