package otelapi

import (
	"errors"
	"runtime"
	"sync"
	"weak"

	"github.com/metertree/metertree/registry"
)

// provided are the registries that have a provider, without keeping them. Which
// attribute set each series stands for is known to one provider alone: two would
// record different sets in one series.
var provided sync.Map // of weak.Pointer[registry.Registry]

// claim makes a registry one that has a provider, from now on and for ever, since
// instruments go on recording after Shutdown. release undoes it. It fails if the
// registry has one.
func claim(r *registry.Registry) (release func(), err error) {
	key := weak.Make(r)
	if _, taken := provided.LoadOrStore(key, true); taken {
		return nil, errors.New("otelapi: the registry has a provider already, and has one for good: use that one everywhere, or give each its own registry")
	}
	cleanup := runtime.AddCleanup(r, func(key weak.Pointer[registry.Registry]) { provided.Delete(key) }, key)
	return func() {
		cleanup.Stop()
		provided.Delete(key)
	}, nil
}
