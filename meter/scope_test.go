//go:build !metertree_off

package meter_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestChildrenInheritNameAndLabels(t *testing.T) {
	root, r := newScope()
	storage := root.Scope("storage").With("module", "stream", "shard", "0")
	tsdb := storage.Scope("tsdb").With("shard", "7").With("block", "b1")
	tsdb.Counter("flushes_total").Add(1)
	storage.Counter("opens_total").Add(2)
	root.Counter("starts_total").Add(3)
	expect(t, r,
		`starts_total{} 3`,
		`storage_opens_total{module="stream",shard="0"} 2`,
		`storage_tsdb_flushes_total{block="b1",module="stream",shard="7"} 1`)
}

func TestScopesAreImmutable(t *testing.T) {
	root, r := newScope()
	parent := root.Scope("a").With("x", "1")
	left, right := parent.Scope("l"), parent.Scope("r")
	parent.With("x", "2").Counter("other_total").Add(1)
	left.With("y", "1")
	left.Counter("n_total").Add(1)
	right.Counter("n_total").Add(1)
	parent.Counter("n_total").Add(1)
	expect(t, r,
		`a_l_n_total{x="1"} 1`,
		`a_n_total{x="1"} 1`,
		`a_other_total{x="2"} 1`,
		`a_r_n_total{x="1"} 1`)
}

func TestScopeLabelsAreCopies(t *testing.T) {
	root, r := newScope()
	pairs := []string{"x", "1"}
	s := root.With(pairs...)
	pairs[1] = "2"
	s.Labels()[0].Value = "3"
	s.Counter("n_total").Add(1)
	expect(t, r, `n_total{x="1"} 1`)
}

func TestLabelWithoutValueIsEmpty(t *testing.T) {
	root, r := newScope()
	root.With("x").Counter("n_total").Add(1)
	expect(t, r, `n_total{x=""} 1`)
}

func TestRejectedDefinitionsAreLoud(t *testing.T) {
	var log bytes.Buffer
	r := registry.New(registry.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s := meter.New(r)
	s.Counter("bad name").Add(1)
	s.Scope("a-b").Gauge("level").Set(1)
	s.Counter("twice_total")
	s.Gauge("twice_total").Set(1)
	expect(t, r, `twice_total{} 0`)
	for _, says := range []string{"bad name", "a-b", "twice_total is already defined"} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("nothing was logged of %s:\n%s", says, &log)
		}
	}
	if _, err := s.NewCounter("bad name"); err == nil {
		t.Error("NewCounter accepted a bad name")
	}
	if _, err := s.NewHistogram("h", meter.Buckets(2, 1)); err == nil {
		t.Error("NewHistogram accepted decreasing bounds")
	}
	if err := s.GaugeFunc("twice_total", func(*meter.Observer) {}); err == nil {
		t.Error("GaugeFunc accepted a name in use")
	}
}

func TestHistogramsHaveLatencyBucketsUnlessTheyDeclareOthers(t *testing.T) {
	s, r := newScope()
	s.Histogram("a_seconds").Observe(0.3)
	s.Histogram("b_bytes", meter.Buckets(10, 20)).Observe(11)
	if n := len(metric.DefaultLatencyBounds()); n != 12 {
		t.Errorf("%d default bounds, want 12", n)
	}
	expect(t, r,
		`a_seconds{} [0 0 0 0 0 0 1 0 0 0 0 0 0] 0.3`,
		`b_bytes{} [0 1 0] 11`)
}
