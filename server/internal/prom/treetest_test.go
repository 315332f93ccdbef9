package prom

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/treetest"
)

// embedded is the source over the engine, for scripts of the metric tree.
var embedded = treetest.Source{Name: "promql", Open: openEmbedded}

func openEmbedded(t testing.TB, d treetest.Data) tree.Source {
	db := teststorage.New(t)
	app := db.Appender(t.Context())
	for _, s := range d.Series {
		b := labels.NewScratchBuilder(len(s.Labels) + 1)
		b.Add(model.MetricNameLabel, s.Name)
		for _, l := range s.Labels {
			b.Add(l.Name, l.Value)
		}
		b.Sort()
		for _, p := range s.Points {
			if _, err := app.Append(0, b.Labels(), d.At(p.Instant).UnixMilli(), p.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	declared := func(context.Context) map[string]tree.Metadata { return d.Declared }
	return NewTreeSource(sourceEngine(), db, declared, TreeSourceOptions{Now: func() time.Time { return treetest.Now }})
}

// TestTreeScripts runs the scripts of the metric tree, which the snapshot source
// passes, on the engine too.
func TestTreeScripts(t *testing.T) {
	treetest.Run(t, "../../../tree/testdata/*.tree", treetest.Snapshot, embedded)
}

// TestTreeHistory runs the scripts whose data take a history to hold.
func TestTreeHistory(t *testing.T) { treetest.Run(t, "testdata/*.tree", embedded) }

func TestTreeRandom(t *testing.T) { treetest.RunRandom(t, 2, embedded) }

func TestTreeHistories(t *testing.T) { treetest.RunHistories(t, 3, embedded) }

func TestTreeRatios(t *testing.T) { treetest.RunRatios(t, 2, embedded) }
