package prom

import (
	"io"

	"github.com/metertree/metertree/tree"
)

// Declaration is what one line of an exposition says about a family: one field
// beside its name is set, unless what it says is empty.
type Declaration struct {
	Family string
	// Type is as written, in lower case.
	Type string
	Help string
	Unit string
}

// ExpositionSink takes what an exposition says.
type ExpositionSink interface {
	Declare(Declaration)
	// Add takes a sample, which the sink may keep.
	Add(tree.Sample)
}

// ParseExposition reads an exposition into a snapshot. What is kept in memory is
// the samples and not the text.
func ParseExposition(r io.Reader, format Format) (*tree.Snapshot, error) {
	sink := snapshotSink{tree.NewSnapshotBuilder()}
	if err := ReadExposition(r, format, sink); err != nil {
		return nil, err
	}
	return sink.Build(), nil
}

// snapshotSink builds a snapshot.
type snapshotSink struct{ *tree.SnapshotBuilder }

// Declare implements ExpositionSink.
func (s snapshotSink) Declare(d Declaration) {
	s.SnapshotBuilder.Declare(d.Family, tree.Metadata{Kind: tree.ParseKind(d.Type), Unit: d.Unit, Help: d.Help})
}
