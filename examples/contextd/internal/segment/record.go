// Package segment is an append-only store of encrypted documents with their
// vectors. Documents are appended to the segments of a shard; a segment that
// holds mostly superseded documents is rewritten, so memory follows what is
// alive. Reads see a document in its newest version, whatever the order in which
// versions arrived.
package segment

import "github.com/metertree/metertree/examples/contextd/internal/embedding"

// State says what a record makes of its document.
type State uint8

// The states.
const (
	Present State = iota
	Deleted
)

// Record is one version of a document, or its deletion.
type Record struct {
	Account, Document string
	// Version orders the records of a document: the greatest wins.
	Version uint64
	State   State
	// Type and Title are kept with the document, unencrypted.
	Type, Title string
	Chunks      []Chunk
}

// Chunk is a part of a document.
type Chunk struct {
	// Sealed is the encrypted text.
	Sealed []byte
	// Vector is the embedding of the text.
	Vector embedding.Vector
}

// recordOverhead approximates what a record takes beside its contents.
const recordOverhead = 64

// Size is how many bytes a record takes, about.
func (r Record) Size() int {
	size := recordOverhead + len(r.Account) + len(r.Document) + len(r.Type) + len(r.Title)
	for _, c := range r.Chunks {
		size += len(c.Sealed) + 4*len(c.Vector)
	}
	return size
}

// Key identifies a document among all accounts' documents.
func Key(account, document string) string { return account + "/" + document }
