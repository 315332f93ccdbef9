package gateway

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/golang/snappy"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// FuzzApply merges two pushes of any content, and exposes, writes and reads what
// comes of them. The first of each pair of bytes is the protocol.
func FuzzApply(f *testing.F) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	md := counterPush("a", at.Add(-time.Minute), at, 5, "op", "put")
	addKinds(md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics(), at, 1)
	body, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	if err != nil {
		f.Fatal(err)
	}
	write, err := snappy.Decode(nil, apitest.RemoteWriteV1([]apitest.Pushed{
		{Labels: []string{"__name__", "calls_total", "le", "1"}, Samples: []apitest.PushedSample{{Millis: at.UnixMilli(), Value: 2}}},
	}, apitest.PushedMetadata{Family: "calls_total", Type: 2}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(push.OTLP), body, uint8(push.RemoteWrite1), write)
	f.Add(uint8(push.Text), []byte("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"), uint8(push.Text), []byte("h 1\nh_count{le=\"1\"} 1\n"))
	f.Fuzz(func(t *testing.T, first uint8, one []byte, second uint8, two []byte) {
		state := merge.New(merge.DefaultSettings())
		now := at.UnixNano()
		for _, r := range []push.Request{
			{Protocol: push.Protocol(first), Body: one}, {Protocol: push.Protocol(second), Body: two}, {Protocol: push.Protocol(first), Body: one},
		} {
			now++
			batch, err := push.Decode(r, push.DefaultLimits, now)
			if err != nil {
				continue
			}
			o := state.Apply(now, batch)
			if o.Merged+o.Repeated+o.Covered+o.Refused.Total() != o.Points {
				t.Fatalf("%+v: not all points are accounted for", o)
			}
		}
		exposes(t, state)
		state.Advance(now + int64(1000*time.Hour))
		state.Advance(now + int64(2000*time.Hour))
		if size := state.Size(); size != (merge.Size{}) {
			t.Fatalf("left behind: %+v", size)
		}
	})
}

// exposes checks that a state can be shown in every format.
func exposes(t *testing.T, state *merge.State) {
	t.Helper()
	families := state.Collect().Families
	for _, format := range []prometheus.Format{prometheus.Text, prometheus.OpenMetrics, prometheus.Protobuf} {
		if _, err := (prometheus.Exposition{Format: format}).Write(context.Background(), io.Discard, slices.Values(families)); err != nil {
			t.Fatal(err)
		}
	}
	names := map[string]bool{}
	for _, f := range families {
		for _, name := range f.Descriptor.SampleNames() {
			if names[name] {
				t.Fatalf("sample %s is of two metrics", name)
			}
			names[name] = true
		}
		labels := map[metric.LabelSet]bool{}
		for p := range f.Points {
			if labels[p.Labels] {
				t.Fatalf("%s has two series {%s}", f.Descriptor.Name, p.Labels)
			}
			labels[p.Labels] = true
		}
	}
}
