package meter

import "context"

// OnCollect registers a function that runs before every collection, so that
// several instruments can be refreshed from one reading. It may run in several
// goroutines at once, one for each collection under way, and should end when its
// context does. The returned function undoes the registration; calling it again
// does nothing. On a scope that is not enabled nothing is registered.
func (s Scope) OnCollect(run func(context.Context)) (remove func()) {
	if !s.Enabled() {
		return func() {}
	}
	hook := s.registry.OnCollect(run)
	return func() { s.registry.RemoveHook(hook) }
}
