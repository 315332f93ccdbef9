// Package joined shows metrics that should be one metric as one: siblings such as
// shop_worker_1_jobs_total and shop_worker_2_jobs_total, whose names say which
// worker, appear as a further metric shop_jobs_total with the label worker.
//
// Only names that differ in a number are joined, because of those the label is
// certain; the linter proposes others too, and a metric that is renamed there needs
// nothing here. The siblings themselves stay where they are. A joined metric is
// folded by the source from its members in one question, so its numbers are as
// exact as theirs, and the label of the names can be walked like any other.
package joined
