package promclient

import (
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/metric"
)

// minSchema is the coarsest schema of a native histogram. Coarser points, which
// histograms of fewer than 132 buckets can come to, have explicit buckets alone.
const minSchema = -4

// addNative adds a native histogram's buckets to the explicit ones, so that a
// scraper takes whichever it understands.
func addNative(h *dto.Histogram, p *metric.ExponentialPoint) {
	if p.Scale < minSchema {
		return
	}
	h.Schema = proto.Int32(int32(p.Scale))
	h.ZeroThreshold = proto.Float64(p.ZeroThreshold)
	h.ZeroCount = proto.Uint64(p.Zero)
	h.PositiveSpan, h.PositiveDelta = spans(p.PositiveFirst, p.Positive)
	h.NegativeSpan, h.NegativeDelta = spans(p.NegativeFirst, p.Negative)
	if len(h.PositiveSpan)+len(h.NegativeSpan) == 0 {
		// An empty span marks a histogram without values as a native one.
		h.PositiveSpan = []*dto.BucketSpan{{Offset: proto.Int32(0), Length: proto.Uint32(0)}}
	}
}

// spans encodes neighbouring buckets. Prometheus numbers a bucket by its upper
// bound, one above the number that its lower bound gives it here.
func spans(first int, counts []uint64) ([]*dto.BucketSpan, []int64) {
	if len(counts) == 0 {
		return nil, nil
	}
	deltas := make([]int64, len(counts))
	var before uint64
	for i, n := range counts {
		deltas[i] = int64(n - before)
		before = n
	}
	return []*dto.BucketSpan{{
		Offset: proto.Int32(int32(first + 1)),
		Length: proto.Uint32(uint32(len(counts))),
	}}, deltas
}
