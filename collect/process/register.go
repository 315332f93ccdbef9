package process

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Register adds the process's metrics to a scope, usually the root scope: their
// names begin with process_. It fails if one of them exists already, such as
// after an earlier Register in the same place; then those before it stay
// registered. Where the operating system is not supported it does nothing.
func Register(scope meter.Scope) error {
	if !supported {
		return nil
	}
	return registerReading(scope, read)
}

// registerReading is Register with the operating system given.
func registerReading(scope meter.Scope, read func() snapshot) error {
	var latest atomic.Pointer[snapshot]
	remove := scope.OnCollect(func(context.Context) {
		s := read()
		latest.Store(&s)
	})
	for _, v := range values {
		callback := func(o *meter.Observer) {
			if s := latest.Load(); s != nil && s[v.field].known {
				o.Float(s[v.field].value)
			}
		}
		if err := v.register(scope.Scope("process"), callback); err != nil {
			remove()
			return fmt.Errorf("registering the metrics of the process: %w", err)
		}
	}
	return nil
}

func (v value) register(scope meter.Scope, callback func(*meter.Observer)) error {
	options := []meter.Option{meter.Help(v.help), meter.Unit(v.unit)}
	if v.kind == metric.Counter {
		return scope.CounterFunc(v.name, callback, options...)
	}
	return scope.GaugeFunc(v.name, callback, append(options, meter.Fold(v.fold))...)
}
