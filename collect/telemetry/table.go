package telemetry

import (
	"errors"
	"fmt"
	"iter"
)

// Table says what of a summary becomes metrics, and how it is read. Its
// functions must not keep the summary, and are called from the goroutines that
// call Bridge.Record.
type Table[S any] struct {
	// Operation and Status read the words that tell requests apart. Both are
	// required.
	Operation, Status func(S) Value
	// Duration reads how long the operation took, in seconds; nil if that is not
	// known.
	Duration func(S) Value
	// Counts are the fields that are counts.
	Counts []Count[S]
}

// Count is a field that counts something, and the counter it adds to. The
// counter's keys are operation and, if there is one, Key.
type Count[S any] struct {
	// Path is what the field is called in the summary; bad values are counted
	// under it.
	Path string
	// Domain and Name make the counter's name, below the bridge's scope.
	Domain, Name string
	// Unit is that of what is counted, such as "bytes"; empty if it has none.
	Unit string
	// Help says in one sentence what is counted.
	Help string
	// Read reads the field. A count without a key needs it.
	Read func(S) Value
	// Key is a further key, such as "queue", and Each reads its values and the
	// field for each.
	Key  string
	Each func(S) iter.Seq2[string, Value]
}

func (t Table[S]) validate() error {
	if t.Operation == nil || t.Status == nil {
		return errors.New("telemetry table: Operation or Status is nil: give the functions that read them")
	}
	seen := map[string]bool{}
	for _, c := range t.Counts {
		switch {
		case c.Path == "" || seen[c.Path]:
			return fmt.Errorf("telemetry table: path %q of counter %s_%s is empty or there twice: give each field its own", c.Path, c.Domain, c.Name)
		case (c.Key == "") != (c.Each == nil) || (c.Read == nil) == (c.Each == nil):
			return fmt.Errorf("telemetry table: field %q has neither Read alone nor Key with Each: give one of them", c.Path)
		}
		seen[c.Path] = true
	}
	return nil
}
