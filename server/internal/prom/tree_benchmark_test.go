package prom

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/metertree/metertree/tree"
)

const (
	manyMetrics = 100
	manySeries  = 10_000 // of each
)

// BenchmarkTree1M is what a million series in memory cost: to list the root, to
// expand a node of 10,000 branches, to read the leaves by five labels over 15
// minutes, and to tell the axes.
func BenchmarkTree1M(b *testing.B) {
	now := time.Unix(1_700_000_000, 0)
	before := heap()
	db := manyStored(b, now)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 50e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: newParser()})
	options := TreeSourceOptions{Now: func() time.Time { return now }}
	s := NewTreeSource(engine, db, nil, options)
	b.Cleanup(s.Close)
	held := heap() - before
	selector := tree.Selector{Metric: "calls_00_total"}
	families, err := s.Families(b.Context())
	if err != nil || len(families) != manyMetrics {
		b.Fatalf("%d families, error %v", len(families), err)
	}
	q := tree.Query{Family: families[0], Selector: selector, By: "id", Limit: 100}
	for _, step := range []struct {
		name string
		ask  func() error
	}{
		{"root", func() error {
			fresh := NewTreeSource(engine, db, nil, options) // which has nothing to reuse
			_, err := fresh.Families(b.Context())
			fresh.Close()
			return err
		}},
		{"expand 10k", func() error {
			r, err := s.Fold(b.Context(), []tree.Query{q})
			if err == nil && (len(r[0].Groups) != q.Limit || r[0].Others != manySeries-q.Limit) {
				err = errors.Join(fmt.Errorf("%d branches and %d others", len(r[0].Groups), r[0].Others), r[0].Err)
			}
			return err
		}},
		{"leaves", func() error {
			leaves, err := s.Leaves(b.Context(), tree.LeavesQuery{
				Family: families[0], Selector: selector, By: []string{"code", "host", "id", "method", "zone"},
				Moment: tree.Moment{End: now, Length: 15 * time.Minute}, Limit: 2 * manySeries,
			})
			if err == nil && len(leaves) != manySeries {
				err = fmt.Errorf("%d leaves", len(leaves))
			}
			return err
		}},
		{"axes", func() error { _, err := s.Axes(b.Context(), selector); return err }},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := step.ask(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(held)/(1<<20), "MiB-stored")
		})
	}
}

// manyStored is a database of manyMetrics times manySeries counters with two
// samples in the last minute. The first has a sample every 15 seconds of 15 minutes.
func manyStored(b *testing.B, now time.Time) *tsdb.DB {
	b.Helper()
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1 // none: it is not what is measured
	db, err := tsdb.Open(b.TempDir(), nil, nil, options, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	for metric := range manyMetrics {
		samples := 2
		if metric == 0 {
			samples = 61
		}
		app := db.Appender(b.Context())
		for i := range manySeries {
			ls := labels.FromStrings("__name__", fmt.Sprintf("calls_%02d_total", metric), "code", fmt.Sprint(200+i%5),
				"host", fmt.Sprintf("host-%03d", i/5%100), "id", fmt.Sprintf("customer-%05d", i), "method", fmt.Sprint(i%4), "zone", fmt.Sprint(i%3))
			var ref storage.SeriesRef
			for n := range samples {
				at := now.Add(time.Duration(n+1-samples) * 15 * time.Second)
				if ref, err = app.Append(ref, ls, at.UnixMilli(), float64(n*(i%50+1))); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

// heap is what is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
