package tree

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

type ctx = context.Context

func TestSignals(t *testing.T) {
	tr, _ := newShop()
	s, err := tr.Signals(t.Context(), "shop_")
	if err != nil {
		t.Fatal(err)
	}
	if s.Traffic == nil || s.Traffic.Reading.Text != "1350/s" || s.Traffic.Reading.Query != "rate(shop_calls_total)" {
		t.Errorf("traffic %+v", s.Traffic)
	}
	if s.Errors == nil || !near(s.Errors.Reading.Value, 35.5/1350) || s.Errors.Ratio.DenominatorSum.Text != "1350/s" {
		t.Errorf("errors %+v", s.Errors)
	}
	if s.Saturation == nil || s.Saturation.Reading.Text != "90%" || s.Saturation.Parts[0] != "shop_pool_fill" {
		t.Errorf("saturation %+v: the fullest pool, not the mean of both", s.Saturation)
	}
	if s.Latency != nil {
		t.Errorf("latency %+v, of no metric", s.Latency)
	}
	if empty, err := tr.Signals(t.Context(), "metertree_"); err != nil || *empty != (Signals{Path: "metertree_"}) {
		t.Errorf("a scope without roles: %+v, %v", empty, err)
	}
	if _, err := tr.Signals(t.Context(), "go_"); !errors.Is(err, ErrUnknownScope) {
		t.Errorf("no such scope: %v", err)
	}
}

// Two services: traffic adds up, errors divide sums, and latencies merge buckets.
func TestSignalsOfSeveral(t *testing.T) {
	histogram := func(b *SnapshotBuilder, name string, below, count float64) {
		for le, v := range map[string]float64{"0.1": below, "1": count, "+Inf": count} {
			b.Add(Sample{Name: name + "_bucket", Labels: labels("le", le), Value: v})
		}
		b.Add(Sample{Name: name + "_count", Value: count})
	}
	b := NewSnapshotBuilder()
	declare := func(name string, kind metric.Kind, unit string, role metric.Role) {
		info(b, metric.MetricInfo, metric.Descriptor{Name: name, Kind: kind, Unit: unit, Role: role}.Info())
	}
	declare("a_calls_total", metric.Counter, "", metric.RoleTraffic)
	declare("a_failures_total", metric.Counter, "", metric.RoleErrors)
	declare("a_seconds", metric.Histogram, "seconds", metric.RoleLatency)
	declare("b_seconds", metric.Histogram, "seconds", metric.RoleLatency)
	declare("c_bytes", metric.Histogram, "bytes", metric.RoleLatency)
	declare("b_requests", metric.Histogram, "", metric.RoleTraffic)
	declare("a_queue_bytes", metric.Gauge, "bytes", metric.RoleSaturation)
	b.Add(Sample{Name: "a_calls_total", Value: 60})
	b.Add(Sample{Name: "a_failures_total", Value: 5})
	b.Add(Sample{Name: "a_queue_bytes", Value: 2048})
	histogram(b, "a_seconds", 90, 100)
	histogram(b, "b_seconds", 0, 100)
	histogram(b, "c_bytes", 1, 1)
	histogram(b, "b_requests", 40, 40)
	s, err := New(b.Build(), Limits{}).Signals(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Traffic.Reading.Value != 100 || !slices.Equal(s.Traffic.Parts, []string{"a_calls_total", "b_requests"}) {
		t.Errorf("traffic %+v", s.Traffic)
	}
	if s.Errors.Reading.Value != 0.05 || s.Errors.Reading.Text != "5%" {
		t.Errorf("errors %+v: of all that was asked", s.Errors)
	}
	// 90 of the 200 took less than 0.1 s, and the rest up to 1 s.
	if q := s.Latency.Reading.Quantiles; len(q) != 2 || !near(q[0].Value, 0.1+0.9*10/110) || s.Latency.Omitted != 1 || len(s.Latency.Warnings) != 1 {
		t.Errorf("latency %+v", s.Latency)
	}
	if s.Saturation.Reading.Text != "2 KiB" {
		t.Errorf("saturation %+v", s.Saturation)
	}
}

func TestRank(t *testing.T) {
	source := newPast(func(b *SnapshotBuilder, at time.Time) {
		b.Declare("hits", Metadata{Kind: KindGauge, Fold: FoldSum, Axes: []string{"path"}})
		later := at.Unix() >= 1_700_000_000
		for i := range 40 {
			value, zone := 10.0, []string{"a", "b"}[i%2]
			if i%4 == 0 {
				value = 100 // all of the even paths, in zone a
			}
			if later && i%5 == 0 {
				value += 7
			}
			b.Add(Sample{Name: "hits", Value: value, Labels: labels(
				"host", "h"+string(rune('a'+i%5)), "id", string(rune('A'+i)), "path", string(rune('p'+i%4)), "site", "x", "zone", zone)})
		}
	})
	tr := New(source, Limits{})
	tr.SetClock(func() time.Time { return source.now })
	for _, test := range []struct {
		rank Rank
		want []string
	}{
		{RankByDeclaration, []string{"path", "zone", "host", "id", "site"}},
		{RankByValue, []string{"path", "zone", "host", "id", "site"}},
		{RankByChange, []string{"host", "path", "zone", "id", "site"}},
	} {
		n, err := tr.Metric(t.Context(), MetricRequest{Selector: Selector{Metric: "hits"}, Rank: test.rank, Baseline: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range n.Children {
			got = append(got, c.Label)
			if c.Axis.NearUnique != (c.Label == "id") || c.Axis.Declared != (c.Label == "path") {
				t.Errorf("axis %s: %+v", c.Label, c.Axis)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("rank %d: %q, want %q", test.rank, got, test.want)
		}
	}
}
