package exporttest

import (
	"context"

	"github.com/metertree/metertree/export"
)

// Behaviour is what a Recorder does with one batch: it is recorded if the
// function returns nil, and else its error is that of Export. A function of your
// own may wait, panic or call the code under test.
type Behaviour func(ctx context.Context) error

// Deliver takes the batch.
func Deliver(context.Context) error { return nil }

// Hang waits until the context ends and returns its cause.
func Hang(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// Fail returns the error.
func Fail(err error) Behaviour {
	return func(context.Context) error { return err }
}

// Reject returns the error wrapped with export.ErrRejected.
func Reject(cause error) Behaviour { return Fail(export.Rejected(cause)) }

// Panic panics with the value.
func Panic(value any) Behaviour {
	return func(context.Context) error { panic(value) }
}
