package telemetry

import (
	"errors"
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/policy"
)

// What bad words and durations are counted under.
const (
	operationPath = "operation"
	statusPath    = "status"
	durationPath  = "duration"
)

// Bridge records summaries. Its methods may be called from any goroutine; a nil
// Bridge records nothing.
type Bridge[S any] struct {
	table    Table[S]
	requests meter.Counter
	seconds  meter.Histogram
	// counts has one for each of the table's.
	counts []meter.Counter
	bad    meter.Counter
}

// New returns a bridge. It fails if the table is incomplete, or if its metrics
// conflict with others of the scope's registry.
func New[S any](scope meter.Scope, table Table[S]) (*Bridge[S], error) {
	if err := table.validate(); err != nil {
		return nil, err
	}
	b := &Bridge[S]{table: table}
	var errs [3]error
	operation := scope.Scope("operation")
	both := meter.Keys("operation", "status")
	b.requests, errs[0] = operation.NewCounter("requests_total", both, meter.Help("Operations that were finished."))
	b.seconds, errs[1] = operation.NewHistogram("duration_seconds", both, meter.Unit("seconds"),
		meter.Help("How long operations took."))
	b.bad, errs[2] = scope.Scope("telemetry").NewCounter("bad_fields_total", meter.Keys("field"),
		meter.Help("Fields of summaries that were not recorded because they were not as they must be."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("telemetry bridge: %w", err)
	}
	for _, c := range table.Counts {
		keys := []string{"operation"}
		if c.Key != "" {
			keys = append(keys, c.Key)
		}
		counter, err := scope.Scope(c.Domain).NewCounter(c.Name, meter.Keys(keys...), meter.Unit(c.Unit), meter.Help(c.Help))
		if err != nil {
			return nil, fmt.Errorf("telemetry bridge, field %q: %w", c.Path, err)
		}
		b.counts = append(b.counts, counter)
	}
	return b, nil
}

// Record records the summary of a finished operation. It never panics, and
// allocates for counts with a key alone.
func (b *Bridge[S]) Record(summary S) {
	if b == nil {
		return
	}
	operation := b.word(operationPath, b.table.Operation, summary)
	status := b.word(statusPath, b.table.Status, summary)
	b.requests.Inc(operation, status)
	if b.table.Duration != nil {
		v := b.read(b.table.Duration, summary)
		if seconds, ok := v.seconds(); ok {
			b.seconds.Observe(seconds, operation, status)
		} else {
			b.reject(durationPath, v)
		}
	}
	for i := range b.table.Counts {
		field := &b.table.Counts[i]
		if field.Each == nil {
			b.count(i, b.read(field.Read, summary), operation)
		} else {
			b.countEach(i, summary, operation)
		}
	}
}

// word reads a label value.
func (b *Bridge[S]) word(path string, read func(S) Value, summary S) string {
	v := b.read(read, summary)
	w, ok := v.word()
	if !ok {
		b.reject(path, v)
		return policy.Unknown
	}
	return w
}

// read reads a field; one whose reading panics is a bad one.
func (b *Bridge[S]) read(read func(S) Value, summary S) (v Value) {
	defer func() {
		if recover() != nil {
			v = Value{kind: bad}
		}
	}()
	return read(summary)
}

func (b *Bridge[S]) count(i int, v Value, values ...string) {
	if n, ok := v.count(); ok {
		b.counts[i].Add(n, values...)
	} else {
		b.reject(b.table.Counts[i].Path, v)
	}
}

// countEach counts a field for each value of its key.
func (b *Bridge[S]) countEach(i int, summary S, operation string) {
	path := b.table.Counts[i].Path
	defer func() {
		if recover() != nil {
			b.bad.Inc(path)
		}
	}()
	for of, v := range b.table.Counts[i].Each(summary) {
		value, ok := Text(of).word()
		if !ok {
			b.bad.Inc(path)
			value = policy.Unknown
		}
		b.count(i, v, operation, value)
	}
}

// reject counts a field that is there and could not be recorded.
func (b *Bridge[S]) reject(path string, v Value) {
	if v.kind != absent {
		b.bad.Inc(path)
	}
}
