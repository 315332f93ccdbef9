package buffer

import (
	"context"
	"errors"
	"fmt"
)

// ErrClosed is returned by Put and Flush once Close was called. A record that
// was refused with it was not accepted.
var ErrClosed = errors.New("buffer is closed: put no records after Close")

// ErrTooLarge is wrapped by the error of a Put whose record does not fit into
// an empty table.
var ErrTooLarge = errors.New("record is too large")

// errGoexit stands for a callback that neither returned nor panicked.
var errGoexit = errors.New("callback ended its goroutine with runtime.Goexit: return an error instead")

// Permanent marks an error of Config.Flush as one that no repetition can mend:
// the batch fails at once. The mark is found through wrapping; errors.Is and
// errors.As see through it. A nil error stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }

func (e *permanentError) Unwrap() error { return e.err }

func isPermanent(err error) bool {
	var mark *permanentError
	return errors.As(err, &mark)
}

// PanicError is the error of a callback that panicked. If the value was an
// error, it is unwrapped to it.
type PanicError struct {
	// Value is what the callback panicked with.
	Value any
	// Stack is the stack of the panic, as runtime/debug.Stack formats it.
	Stack []byte
}

// Error returns the value without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("callback panicked: %v", e.Value) }

// Unwrap returns the value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// BatchError is the error with which a batch finally failed. Config.Failed is
// given one, and those of Buffer.Flush and Buffer.Close wrap one for each batch
// that failed meanwhile.
type BatchError struct {
	// Shard is the index of the shard.
	Shard int
	// Records and Bytes are those of the batch.
	Records int
	Bytes   int64
	// Attempts is how often the batch was handed to Config.Flush.
	Attempts int
	// Err is the last attempt's error, and the reason to stop early if there
	// was one.
	Err error
}

// Error names the batch, the number of attempts and the cause.
func (e *BatchError) Error() string {
	return fmt.Sprintf("flush of %d records (%d bytes) of shard %d failed after %d attempts: %v",
		e.Records, e.Bytes, e.Shard, e.Attempts, e.Err)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Err }

// contextError returns why a context ended; both its error and its cause are
// found by errors.Is.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
