package otelapi_test

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

func TestErrorOfANameShowsTheCharacter(t *testing.T) {
	m := newSetup(t, registry.Options{}, otelapi.Options{}).Meter("lib")
	if _, err := m.Int64Counter("caf\u00e9"); err == nil || !strings.Contains(err.Error(), "'\u00e9' at position 3") {
		t.Errorf("an accent in a name: %v", err)
	}
}
