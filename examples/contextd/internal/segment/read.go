package segment

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/metertree/metertree/examples/contextd/internal/embedding"
)

// Stored is a document as the store keeps it. Its slices must not be written.
type Stored struct {
	Version     uint64
	Type, Title string
	// Sealed are the encrypted chunks in their order.
	Sealed [][]byte
}

// Size is how many bytes the encrypted chunks take.
func (s Stored) Size() int {
	size := 0
	for _, part := range s.Sealed {
		size += len(part)
	}
	return size
}

// Version is the version in which a document can be read now, if it can.
func (s *Store) Version(accountName, name string) (version uint64, ok bool) {
	d := s.document(accountName, name)
	if d == nil {
		return 0, false
	}
	return d.version, true
}

// Read returns a document.
func (s *Store) Read(accountName, name string) (Stored, bool) {
	d := s.document(accountName, name)
	if d == nil {
		return Stored{}, false
	}
	return Stored{Version: d.version, Type: d.kind, Title: d.title, Sealed: d.sealed}, true
}

func (s *Store) document(accountName, name string) *document {
	a := s.accounts[accountName]
	if a == nil {
		return nil
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.documents[name]
}

// Hit is a chunk that a search found.
type Hit struct {
	Document, Title string
	Version         uint64
	Chunk           int
	// Score is the cosine of the chunk's vector with the query's.
	Score  float32
	Sealed []byte
}

// Seen is how many vectors a search has looked at, and how many of them scored
// high enough.
type Seen struct{ Scanned, Passed int }

// Search compares the query with every chunk of the account, and returns the
// limit best hits above the least score, best first.
func (s *Store) Search(ctx context.Context, accountName string, query embedding.Vector, least float32, limit int) (hits []Hit, seen Seen, err error) {
	a := s.accounts[accountName]
	if a == nil {
		return nil, seen, fmt.Errorf("account %q is not one of the store's: name it when the store is made", accountName)
	}
	if limit < 1 {
		return nil, seen, fmt.Errorf("search for the best %d hits: ask for at least 1", limit)
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for name, d := range a.documents {
		if err := ctx.Err(); err != nil {
			return nil, seen, err
		}
		for i, v := range d.vectors {
			score, err := embedding.Cosine(query, v)
			if err != nil {
				return nil, seen, fmt.Errorf("document %q: %w", name, err)
			}
			seen.Scanned++
			if score <= least {
				continue
			}
			seen.Passed++
			hits = keepBest(hits, Hit{name, d.title, d.version, i, score, d.sealed[i]}, limit)
		}
	}
	return hits, seen, nil
}

// keepBest inserts a hit into hits, which are sorted, and keeps limit of them.
func keepBest(hits []Hit, hit Hit, limit int) []Hit {
	if len(hits) == limit && better(hits[limit-1], hit) < 0 {
		return hits
	}
	at, _ := slices.BinarySearchFunc(hits, hit, better)
	hits = slices.Insert(hits, at, hit)
	return hits[:min(len(hits), limit)]
}

// better orders hits: the higher score first, then by name so that the order of
// equals is always the same.
func better(a, b Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Document, b.Document), cmp.Compare(a.Chunk, b.Chunk))
}
