package control

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError is the error of an integrator, an exporter or a refresh that
// panicked. If the value was an error, it is unwrapped to it.
type PanicError struct {
	// Value is what it panicked with.
	Value any
	// Stack is the stack of the panic, as runtime/debug.Stack formats it.
	Stack []byte
}

// Error returns the value without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panicked: %v", e.Value) }

// Unwrap returns the value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errGoexit is the value of a call that ended its goroutine.
var errGoexit = errors.New("ended its goroutine with runtime.Goexit: return an error instead")

// guard makes a call and turns a panic into an error. A call that ends its
// goroutine leaves errGoexit in err, for what is deferred to see.
func guard(err *error, call func() error) {
	*err = &PanicError{Value: errGoexit}
	defer func() {
		if v := recover(); v != nil {
			*err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	*err = call()
}
