// Package remotewrite is an exporter that writes batches to receivers of
// Prometheus remote write, version 2.0 or 1.0: Prometheus itself, Mimir, Thanos,
// VictoriaMetrics and others.
//
//	exporter, err := remotewrite.New("http://localhost:9090/api/v1/write", remotewrite.Options{
//		ExternalLabels: map[string]string{"job": "checkout", "instance": hostname},
//	})
//	…
//	rt, err := metertree.Start(ctx, metertree.Config{
//		Exporters: []metertree.Exporter{{Name: "prometheus", Exporter: exporter}},
//		Period:    15 * time.Second,
//	})
//
// # Series
//
// Names, labels and bounds are those that /metrics shows. A histogram is written
// as NAME_bucket with the label le, NAME_sum and NAME_count; with Options.Histograms
// as Native an exponential one is a native histogram. What is kept as min-max-sum-count is
// NAME_sum, NAME_count, NAME_min and NAME_max; what is kept as exact, or as a sum
// alone, is NAME_sum and NAME_count. Labels without a value are left out. A byte
// of a label's value that is part of no valid UTF-8 is written as U+FFFD with its
// two hexadecimal digits behind it, as is each byte of a genuine U+FFFD that two
// such digits follow, so that different values stay different.
//
// Receivers take totals, which is what exporters are given unless they ask for
// something else. Deltas are written too, as gauges that hold what was counted
// since the last delivery, and end while nothing is counted; if a request fails
// after part of a batch was written, that part is counted twice.
//
// # Ends
//
// A series that was written and is not in the next batch, because it was forgotten
// or deleted, is ended by a stale marker: queries stop showing it at once. So is a
// bucket that a histogram no longer has. The receiver is told once; as long as it
// is away, ends wait for it.
//
// # Versions
//
// The exporter begins with 2.0 and falls back to 1.0, for good, if the receiver
// answers 415, or takes the request without saying how much it has written, as 2.0
// demands: one that knows 1.0 only sees an empty request then. If the very first
// answer is 400, 1.0 is tried too. What is written in 1.0 has no start times, and
// its metadata is sent once a minute.
//
// # Delivery
//
// A batch is written in requests of at most Options.MaxSamples, several at once;
// all samples of a series go the same way, one after the other. What the receiver
// cannot do now (429, 5xx, no answer) is repeated within the context, no sooner
// than it asks for; a request that is too large (413) is split. Who is refused
// (401, 403, 404, a redirect, a page instead of an answer) is told so once, the
// batch counts as failed and comes again with newer values. With any other 4xx the
// receiver says that it will never take some of the samples; the error is its
// message and wraps export.ErrRejected, and what is in other requests is written.
package remotewrite
