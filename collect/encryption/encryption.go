// Package encryption meters encryption: how many operations, how fast, how much,
// and how old the keys are. RoundTrip makes a check of it for a probe.
//
// The names are within the scope given, usually one with the segment encryption.
// The key component says which keys, such as data or root, never which key.
//
//	name                                         kind       what
//	operations_total{operation,status}           counter    operations that ended: ok or error
//	duration_seconds{operation}                  histogram  how long operations took
//	bytes_total{operation}                       counter    plaintext bytes of operations without an error
//	key_created_timestamp_seconds{component}     gauge      when the oldest key in use was made, Unix time
//	key_rotations_total{component,status}        counter    rotations of keys: ok or error
//
// Ratios:
//   - error_ratio: operations that failed, of all operations
//   - key_rotation_error_ratio: rotations that failed, of all rotations
//
// The age of a key is the time less its timestamp, which no reading can make
// stale.
package encryption

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Operation is what is done; it is a label value.
type Operation string

// Common operations.
const (
	Encrypt Operation = "encrypt"
	Decrypt Operation = "decrypt"
	Wrap    Operation = "wrap"
	Unwrap  Operation = "unwrap"
	Sign    Operation = "sign"
	Verify  Operation = "verify"
)

// bounds begin far below those for latency, because a key in memory encrypts a
// small value within a microsecond, while a key service is a call away.
var bounds = append([]float64{1e-6, 1e-5, 1e-4, 1e-3}, metric.DefaultLatencyBounds()...)

// Encryption meters operations and keys. Its methods may be called from any
// goroutine, and do not allocate once their series exist. The zero Encryption
// does nothing.
type Encryption struct {
	operations meter.CounterOf[ended]
	duration   meter.HistogramOf[action]
	bytes      meter.CounterOf[action]
	created    meter.GaugeOf[keys]
	rotations  meter.CounterOf[rotated]
}

type action struct{ Operation string }

type ended struct{ Operation, Status string }

type keys struct{ Component string }

type rotated struct{ Component, Status string }

// New defines the meters of encryption.
func New(scope meter.Scope) (*Encryption, error) {
	var e Encryption
	var errs [7]error
	seconds := meter.Unit("seconds")
	e.operations, errs[0] = meter.NewCounter[ended](scope, "operations_total", meter.Role(metric.RoleTraffic),
		meter.Help("Operations that ended, by how they did."))
	e.duration, errs[1] = meter.NewHistogram[action](scope, "duration_seconds", seconds, meter.Buckets(bounds...),
		meter.Role(metric.RoleLatency), meter.Help("How long operations took."))
	e.bytes, errs[2] = meter.NewCounter[action](scope, "bytes_total", meter.Unit("bytes"),
		meter.Help("Plaintext bytes of operations without an error."))
	e.created, errs[3] = meter.NewGauge[keys](scope, "key_created_timestamp_seconds", seconds, meter.Fold(metric.FoldMin),
		meter.Help("When the oldest key in use was made, in Unix time."))
	e.rotations, errs[4] = meter.NewCounter[rotated](scope, "key_rotations_total", meter.Help("Rotations of keys, by how they ended."))
	failed := meter.Where("status", outcome.Error)
	errs[5] = meter.Ratio(scope, "error_ratio", e.operations, failed, meter.Role(metric.RoleErrors),
		meter.Help("How much of the operations fails."))
	errs[6] = meter.Ratio(scope, "key_rotation_error_ratio", e.rotations, failed,
		meter.Help("How much of the rotations of keys fails."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of encryption: %w", err)
	}
	return &e, nil
}

// Call is an operation under way.
type Call struct {
	encryption *Encryption
	operation  Operation
	start      time.Time
}

// Started begins to measure an operation. Call Done of what it returns exactly
// once.
func (e *Encryption) Started(operation Operation) Call {
	return Call{e, operation, time.Now()}
}

// Done counts the operation, and the bytes of its plaintext if err is nil.
func (c Call) Done(plaintextBytes int, err error) {
	at := action{string(c.operation)}
	c.encryption.duration.Observe(time.Since(c.start).Seconds(), at)
	c.encryption.operations.Inc(ended{at.Operation, outcome.Status(err)})
	if err == nil {
		c.encryption.bytes.Add(int64(plaintextBytes), at)
	}
}

// KeyInUse says when the oldest key in use was made, as when a program starts.
func (e *Encryption) KeyInUse(component string, created time.Time) {
	e.created.Set(float64(created.UnixNano())/1e9, keys{component})
}

// Rotated counts a rotation, after which the oldest key in use is the given one.
func (e *Encryption) Rotated(component string, created time.Time) {
	e.rotations.Inc(rotated{component, outcome.OK})
	e.KeyInUse(component, created)
}

// RotationFailed counts a rotation that left the key as it was.
func (e *Encryption) RotationFailed(component string) {
	e.rotations.Inc(rotated{component, outcome.Error})
}
