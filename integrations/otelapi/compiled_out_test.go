//go:build metertree_off

package otelapi_test

import (
	"context"
	"testing"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

func TestCompiledOut(t *testing.T) {
	r := registry.New(registry.Options{})
	p, err := otelapi.New(r, otelapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Meter("").Int64Counter("requests")
	if err != nil {
		t.Fatal(err)
	}
	c.Add(context.Background(), 1)
	for d := range r.Declarations() {
		if d.Name == "requests_total" {
			t.Error("an instrument was made")
		}
	}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
