package otelapi_test

import (
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// TestOneProviderOfARegistry refuses a second one, which would not know what the
// series of the first stand for.
func TestOneProviderOfARegistry(t *testing.T) {
	s := newSetup(t, registry.Options{}, otelapi.Options{})
	for range 2 {
		if _, err := otelapi.New(s.registry, otelapi.Options{}); err == nil || !strings.Contains(err.Error(), "has a provider already") {
			t.Errorf("a second provider of a registry: %v", err)
		}
		if err := s.Shutdown(background); err != nil {
			t.Error(err)
		}
	}
}

// TestProviderKeepsNoRegistry: what is remembered of a registry does not keep it.
func TestProviderKeepsNoRegistry(t *testing.T) {
	abandoned := func() weak.Pointer[registry.Registry] {
		r := registry.New(registry.Options{})
		p, err := otelapi.New(r, otelapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Shutdown(background); err != nil {
			t.Error(err)
		}
		return weak.Make(r)
	}
	r := abandoned()
	for range 3 {
		runtime.GC()
	}
	if r.Value() != nil {
		t.Error("the registry is kept")
	}
}
