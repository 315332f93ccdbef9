// Package otlp is an exporter that pushes batches by OTLP, over gRPC or over
// HTTP with protobuf, through OpenTelemetry's official exporters:
//
//	exporter, err := otlp.New(ctx, otlp.Options{Endpoint: "http://collector:4318"})
//	rt, err := metertree.Start(ctx, metertree.Config{Exporters: []metertree.Exporter{
//		{Name: "otlp", Exporter: exporter, Temporality: exporter.Temporality()},
//	}})
//
// # What becomes of a metric
//
// Names and label names stay as they are; labels are attributes.
//
//   - Counters are monotonic sums, up-down counters sums that are not, gauges
//     gauges.
//   - Histograms with explicit or exponential buckets are those of OTLP, with
//     the exemplars of their buckets.
//   - What is kept as min-max-sum-count, as a sum or exactly is a histogram
//     without buckets: unlike a summary, it has a temporality and can be added
//     up. Min and max are given where they are those of the point's period: not
//     for deltas of min-max-sum-count, and not where exact values were missed.
//   - Units are those of UCUM: s for seconds, By for bytes, 1 for ratios. A
//     metric that declares none has that of the end of its name. Words that are
//     no units are annotations: {requests}.
//   - A byte of a label value that is part of no valid UTF-8 becomes U+FFFD with
//     its two hexadecimal digits behind it, as does each byte of a genuine U+FFFD
//     that two such digits follow, so that different labels stay different.
//
// Deltas begin when the last delivered batch was read. Series that counted
// nothing since have no point in them. Up-down counters are totals even among
// deltas, as the specification's preference for deltas has it; the exporter adds
// them up.
//
// # Requests
//
// A batch is sent in requests of about Options.RequestBytes each, one after the
// other. A request that is too large for the backend is halved, and later ones
// are smaller. When a batch of deltas fails on the way, the exporter remembers
// what arrived and leaves it out of the next batch, which holds it too.
//
// OTLP delivers at least once: when a request was sent and no answer came, nobody
// can tell whether it arrived. It is sent again, so that deltas may be counted
// twice; totals do not mind.
package otlp
