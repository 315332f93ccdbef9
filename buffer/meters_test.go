package buffer

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestMetersAreThoseOfTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, nil)
		defer h.close(nil)
		documented := documentedMeters(t)
		for family := range h.reg.Collect(context.Background()) {
			d := family.Descriptor
			name, ours := strings.CutPrefix(d.Name, "buffer_")
			if !ours {
				continue
			}
			kind := d.Kind.String()
			if d.Kind == metric.Gauge {
				kind += ", " + d.Fold.String()
			}
			has := strings.Join(strings.Fields(name+" "+kind+" "+d.Unit), " ")
			if slices.Contains(family.Keys, "status") {
				has += " status"
			}
			row := strings.Join(strings.Fields(documented[name]), " ")
			if row != has && !strings.HasPrefix(row, has+" ") || d.Help == "" {
				t.Errorf("%s (help %q) is documented as\n%s", has, d.Help, row)
			}
			keys := []string{"block", "bucket", "database", "module", "segment", "shard", "status"}
			if !slices.Contains(family.Keys, "status") {
				keys = keys[:6]
			}
			if !slices.Equal(family.Keys, keys) {
				t.Errorf("%s has the labels %v, want %v", name, family.Keys, keys)
			}
			delete(documented, name)
		}
		for name := range documented {
			t.Errorf("%s is documented, but not there", name)
		}
	})
}

// documentedMeters returns the rows of the table in the package's
// documentation by name.
func documentedMeters(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(source)) {
		row, ok := strings.CutPrefix(line, "//\t")
		if name, _, _ := strings.Cut(row, " "); ok && name != "name" {
			rows[name] = row
		}
	}
	return rows
}

func TestPositionLabels(t *testing.T) {
	for name, c := range map[string]struct {
		scope    []string
		position Position
		want     string
	}{
		"none": {nil, Position{},
			`block="",bucket="0",database="",module="",segment="",shard=""`},
		"all": {nil, Position{"m", "d", "1", "s", "b"},
			`block="b",bucket="0",database="d",module="m",segment="s",shard="1"`},
		"inherited": {[]string{"shard", "7", "zone", "z"}, Position{Module: "m"},
			`block="",bucket="0",database="",module="m",segment="",shard="7",zone="z"`},
		"overridden": {[]string{"shard", "7"}, Position{Shard: "8"},
			`block="",bucket="0",database="",module="",segment="",shard="8"`},
	} {
		t.Run(name, func(t *testing.T) {
			var scope meter.Scope
			h := newHarness(t, succeed, func(c2 *Config[string]) {
				scope = c2.Scope.Scope("storage").With(c.scope...)
				c2.Scope, c2.Position = scope, c.position
			})
			defer h.close(nil)
			before := meter.New(h.reg).With(c.scope...).Labels()
			if !slices.Equal(scope.Labels(), before) || scope.Name("x") != "storage_x" {
				t.Errorf("the caller's scope became %s with %v", scope.Name("x"), scope.Labels())
			}
			if _, ok := readMeters(h.reg)["storage_buffer_retries_total{"+c.want+"}"]; !ok {
				t.Errorf("no series %s in %v", c.want, slices.Sorted(maps.Keys(readMeters(h.reg))))
			}
		})
	}
}

func TestBuffersShareTheNamesOfAScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scope := meter.New(registry.New(registry.Options{}))
		first := newHarness(t, succeed, func(c *Config[string]) { c.Scope, c.Position = scope, Position{Shard: "0"} })
		second := newHarness(t, succeed, func(c *Config[string]) { c.Scope, c.Position = scope, Position{Shard: "1"} })
		first.close(nil)
		second.close(nil)
	})
}

func TestConflictingScopeIsAnError(t *testing.T) {
	for _, label := range []string{"bucket", "status"} {
		_, err := New(Config[string]{
			Flush:  func(context.Context, Batch[string]) error { return nil },
			Failed: func(Batch[string], error) {},
			Size:   func(string) int { return 1 },
			Scope:  meter.New(registry.New(registry.Options{})).With(label, "x"),
		})
		if err == nil || !strings.Contains(err.Error(), label) {
			t.Errorf("scope with the label %s: error %v, want one that names it", label, err)
		}
	}
}

func TestGaugesFollowTheTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		h := newHarness(t, func(Batch[string]) error { <-hold; return nil }, nil)
		h.put("1234567890")
		time.Sleep(3 * time.Second)
		h.put("abcd")
		synctest.Wait()
		h.wantMeters(map[string]float64{
			"buffer_max_bytes": 20, "buffer_mutable_bytes": 4, "buffer_immutable_bytes": 10,
		})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		h.wantMeters(map[string]float64{"buffer_oldest_age_seconds": 5})
		time.Sleep(time.Second / 2)
		h.Refresh(context.Background())
		h.wantMeters(map[string]float64{"buffer_oldest_age_seconds": 5.5})
		close(hold)
		synctest.Wait()
		h.wantMeters(map[string]float64{
			"buffer_max_bytes": 20, "buffer_mutable_bytes": 4, "buffer_immutable_bytes": 0,
			"buffer_oldest_age_seconds": 2.5,
		})
		h.close(nil)
		h.wantMeters(map[string]float64{
			"buffer_max_bytes": 0, "buffer_mutable_bytes": 0, "buffer_immutable_bytes": 0, "buffer_oldest_age_seconds": 0,
		})
	})
}

func TestDeleteSeriesLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, succeed, func(c *Config[string]) { c.Shards = 2 })
		other := newHarness(t, succeed, func(c *Config[string]) {
			c.Scope, c.Position = meter.New(h.reg), Position{Block: "other"}
		})
		h.put("a")
		h.close(nil)
		h.DeleteSeries()
		left := 0
		for series := range readMeters(h.reg) {
			if strings.HasPrefix(series, "buffer_") {
				left++
			}
			if strings.Contains(series, `block=""`) {
				t.Errorf("%s is still there", series)
			}
		}
		if left == 0 {
			t.Error("the series of another buffer are gone too")
		}
		other.close(nil)
	})
}

func TestZeroScopeRecordsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, fail, func(c *Config[string]) { c.Scope = meter.Scope{} })
		h.put("1234567890", "abc")
		h.Refresh(context.Background())
		h.close(errDisk)
		h.DeleteSeries()
		h.wantFailed(event{3 * time.Second, 3, "1234567890"}, event{6 * time.Second, 3, "abc"})
	})
}
