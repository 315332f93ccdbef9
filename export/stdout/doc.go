// Package stdout is an exporter that writes batches to an io.Writer, such as
// os.Stdout, for people, for logs and for pipes.
//
// # JSON lines
//
// Each line is one JSON object. A batch is one line for each point, in the order
// of the batch, and then one line that ends it:
//
//	{"type":"point","name":"calls_total","kind":"counter","number":"int64","aggregation":"sum","temporality":"cumulative","labels":{"status":"ok"},"start":"2026-03-01T12:00:00Z","time":"2026-03-01T12:01:00Z","value":42}
//	{"type":"batch","temporality":"cumulative","time":"2026-03-01T12:01:00Z","points":1}
//
// A batch that could not be written as a whole has no such end, and comes again.
// Fields are added over time; what is there keeps its name and its form.
//
//   - type: "point", or "batch" for the line that ends a batch and holds their
//     number, points.
//   - name, kind (counter, updowncounter, gauge, histogram), number (int64,
//     float64), aggregation (sum, last value, explicit buckets, exponential
//     buckets, min-max-sum-count, exact) and unit, which is left out if empty.
//   - temporality: cumulative or delta; gauges have none.
//   - labels: all labels, by name.
//   - start, time: the period of the values, in UTC with up to nanoseconds, as
//     RFC 3339 has it. A start that is not known is left out.
//   - value: of sums and gauges. An int64 has all its digits, which may be more
//     than readers that keep numbers as float64 can hold.
//   - count, sum: of histograms, whatever the aggregation.
//   - buckets: of explicit buckets, a list of upper, the inclusive bound, and
//     count, of that bucket alone. The last upper is "+Inf".
//   - exponential: scale, zero_threshold, zero, and for each sign first, the
//     index of its first bucket, and counts. Bucket i holds magnitudes above
//     base^i up to base^(i+1), with base = 2^(2^-scale).
//   - min, max: of min-max-sum-count, left out if the count is 0.
//   - values, missed, missed_sum: of exact, the values in their order, and what
//     was not kept.
//   - exemplars: a list of bucket, its index, with value, time, trace_id and
//     span_id.
//
// Numbers that are not finite are the strings "NaN", "+Inf" and "-Inf". A byte of
// a label value that is part of no valid UTF-8 is written as U+FFFD with its two
// hexadecimal digits behind it, as is each byte of a genuine U+FFFD that two such
// digits follow, so that different labels stay different.
//
// # Table
//
// The table is for people alone and may change.
package stdout
