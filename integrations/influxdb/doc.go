// Package influxdb is an exporter that writes batches as line protocol to
// InfluxDB 1, 2 or 3, or to what takes their writes:
//
//	exporter, err := influxdb.New("http://localhost:8086", influxdb.V1{Database: "metrics"}, influxdb.Options{})
//	…
//	rt, err := metertree.Start(ctx, metertree.Config{
//		Exporters: []metertree.Exporter{{Name: "influxdb", Exporter: exporter}},
//	})
//
// # Layout
//
// A series is one point of the measurement that is named after the metric. Its
// labels are tags; one without a value is left out, which to the database is the
// same. Its fields are, by kind:
//
//	counter, updowncounter, gauge    value
//	histogram, whatever is kept      count, sum
//	  of buckets                     le_BOUND for each bound: how many values were at most it
//	  of min-max-sum-count           min, max, unless there were no values
//
// Sums of integers and counts are integers, all else are floats. With
// Options.Buckets as BucketTags each bucket is a point of its own instead, with
// the tag le, up to le="+Inf", and the field bucket, which is what Flux's
// histogramQuantile takes. With Options.Measurement all metrics are fields of
// one measurement: value is then called NAME, and every other field NAME_FIELD.
// Exponential histograms have their powers of two as bounds.
//
// The protocol cannot hold everything. NaN and infinite values are left out and
// counted. Of a label value, a control character, a byte that is not UTF-8, and a
// backslash before a comma, an equals sign, a space, another backslash or the end
// are written as U+FFFD with the two hexadecimal digits of the byte behind it, as
// is each byte of a genuine U+FFFD that two such digits follow, so that different
// values stay different. A label with a reserved name, such as time, gets an
// underscore behind it.
//
// # Delivery
//
// Totals and gauges have the time of the collection. Deltas have the time at
// which their period began: if a batch has to be repeated, its points replace
// those that had arrived, so that nothing is counted twice. Choose deltas
// (metertree.Exporter.Temporality) to add up periods with SUM, totals to take
// differences.
//
// A batch is written in requests of at most Options.MaxBytes. What the database
// cannot do now (429, 5xx, no answer) is repeated within the context, no sooner
// than it asks for; a request that is too large (413) is split. Who is refused
// (401, 403, 404, a redirect, a page instead of an answer) is told so once, the
// batch counts as failed and comes again. Points that the database will never
// take are left out, and the error says which and why; it then wraps
// export.ErrRejected, and all others are written.
package influxdb
