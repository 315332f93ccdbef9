package buffer

import "runtime/debug"

// guard calls a callback and turns a panic into an error. It calls it in a
// goroutine of its own and waits, because a callback that ends its goroutine
// would otherwise end the flusher and lose what the shard holds; beside a
// flush, the goroutine costs nothing.
func guard(callback func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() { done <- err }()
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		err = callback()
	}()
	return <-done
}
