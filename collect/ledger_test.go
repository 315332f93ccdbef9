package collect

import (
	"strconv"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// However many label values events bring, a ledger remembers no more than
// maxRemembered series, and counts all.
func TestALedgerOfEventsIsBounded(t *testing.T) {
	counter := meter.New(registry.New(registry.Options{})).Counter("c_total", meter.Keys("id"))
	l := &ledger{}
	out := &Updates{ledger: l}
	for i := range maxRemembered + 100 {
		out.Add(counter, 1, strconv.Itoa(i))
	}
	if n := len(l.series[counter]); n != maxRemembered {
		t.Errorf("%d series are remembered, want %d", n, maxRemembered)
	}
	if !counter.Delete(strconv.Itoa(maxRemembered - 1)) {
		t.Error("an update was lost")
	}
}

// No two label sets are one, whatever their values hold.
func TestLabelSetsAreToldApart(t *testing.T) {
	l := &ledger{}
	seen := map[string][]string{}
	for _, values := range [][]string{
		nil, {""}, {"", ""}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"a\x01b"}, {"\x01"}, {"\x00"}, {"a", "\x01b"},
	} {
		encoded := string(l.encode(values))
		if other, there := seen[encoded]; there {
			t.Errorf("%q and %q are encoded alike", values, other)
		}
		seen[encoded] = values
	}
}
