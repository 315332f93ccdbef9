package registry

import (
	"context"
	"slices"
)

// Hook is a function that runs before every collection.
type Hook struct{ run func(context.Context) }

// OnCollect registers a function that refreshes values before a collection
// reads them. Remove it with RemoveHook.
func (r *Registry) OnCollect(run func(context.Context)) *Hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &Hook{run: run}
	r.hooks = append(slices.Clip(r.hooks), h)
	return h
}

// RemoveHook undoes OnCollect.
func (r *Registry) RemoveHook(h *Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hooks = slices.DeleteFunc(slices.Clone(r.hooks), func(have *Hook) bool { return have == h })
}

// runHook counts a panic instead of passing it on.
func (r *Registry) runHook(ctx context.Context, hook *Hook) {
	r.protect(hookName, func() { hook.run(ctx) })
}

// hookName stands for hooks where a panic is counted by metric.
const hookName = "(collect hook)"

// protect runs foreign code and counts a panic instead of passing it on.
func (r *Registry) protect(metric string, run func()) {
	defer func() {
		if recover() != nil {
			r.drop(metric, CallbackPanicked)
		}
	}()
	run()
}

func (r *Registry) currentHooks() []*Hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hooks
}
