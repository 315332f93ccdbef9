// Package telemetry makes metrics of what an operation tells about itself when
// it is finished: a summary, which is a struct or a map of the business.
//
// A Table is the white-list of what is read. Whatever else a summary holds is
// never looked at, so messages, identifiers and other texts cannot become
// metrics. A field that is absent changes nothing; zero counts as zero. A field
// of the wrong type, or negative, or NaN, or whose reading panics, is counted by
// its path, and the others are recorded all the same.
//
// All names are below the scope of the bridge. Those of Default, a table for
// summaries that are maps, are
//
//	name                        kind       field                             keys
//	operation_requests_total    counter    (one for each summary)            operation, status
//	operation_duration_seconds  histogram  duration_seconds, or duration_ms  operation, status
//	llm_input_tokens_total      counter    tokens.llm_input                  operation
//	llm_output_tokens_total     counter    tokens.llm_output                 operation
//	embedding_tokens_total      counter    tokens.embedding                  operation
//	vector_searches_total       counter    vector.searches                   operation
//	vector_scored_total         counter    vector.scored                     operation
//	vector_passed_total         counter    vector.passed                     operation
//	vector_returned_total       counter    vector.returned                   operation
//	vector_scanned_total        counter    vector.scanned                    operation
//	queue_processed_total       counter    queue.*.processed                 operation, queue
//	queue_errors_total          counter    queue.*.errors                    operation, queue
//	memory_extracted_total      counter    memories.extracted                operation
//	telemetry_bad_fields_total  counter    (any that was not as it must be)  field
//
// The first two and the last one every table has. An operation or a status that
// is absent, or no plain word, is shown as policy.Unknown.
package telemetry
