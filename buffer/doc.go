// Package buffer is a sharded write buffer: it takes records one at a time from
// many goroutines and hands them on in batches.
//
// # The way of a record
//
// A key hashes to a shard. The shard appends the record to its mutable table;
// when the table is full, old enough, or asked for by Buffer.Flush, it is
// swapped for an empty one and joins a bounded queue of immutable tables. One
// flusher for each shard takes the oldest immutable table and hands it to
// Config.Flush as a Batch. An attempt that fails is repeated after a growing,
// jittered delay, up to Retry.Attempts in all; an error marked with Permanent
// is not repeated.
//
// # What is promised
//
// A record is accepted if Put returns nil, and only then. Every accepted record
// is in exactly one batch, and every batch ends in exactly one of two ways:
// Flush returned nil for it once, or it finally failed and was given back
// through Config.Failed once. An attempt that fails may be repeated with the
// same records, so a Flush that did part of its work before it failed sees them
// again. A callback that panics, or ends its goroutine, has failed.
//
// Records of a shard are handed on in the order in which they were accepted:
// a batch is not attempted before the one ahead of it has succeeded or was
// given back. So the records of a key keep their order, with a gap where a
// batch finally failed. Writers that wait for room are admitted in the order in
// which they came. Between shards there is no order.
//
// What is held never exceeds Config.MaxBytes. A writer that finds no room waits
// until there is some, until its context ends, or until the buffer is closed.
//
// # Meters
//
// All names are below "buffer" in Config.Scope. Every series has the position's
// labels (module, database, shard, segment, block) and bucket, the index of the
// shard. A scope that is zero records nothing.
//
//	name                      kind           unit     further label  what
//	max_bytes                 gauge, sum     bytes                   most the bucket holds
//	mutable_bytes             gauge, sum     bytes                   in the mutable table
//	immutable_bytes           gauge, sum     bytes                   in tables that wait for a flush or are in one
//	oldest_age_seconds        gauge, max     seconds                 age of the oldest record held; 0 without one
//	flushes_total             counter                 status         attempts
//	flush_records_total       counter                 status         records in attempts
//	flush_bytes_total         counter        bytes    status         bytes in attempts
//	flush_duration_seconds    histogram      seconds  status         how long attempts took
//	retries_total             counter                                attempts that repeat a failed one
//	failed_records_total      counter                                records given back through Failed
//	failed_bytes_total        counter        bytes                   bytes given back through Failed
//	stalled_writers           updowncounter                          writers that wait for room
//	stall_seconds             histogram      seconds                 how long writers waited, whatever ended it
//
// Each attempt counts under one status: "ok", "retried" if it failed and is to
// be repeated, "failed" if it failed for good. The statuses divide the attempts,
// so a sum over them counts nothing twice. Records that are given back without
// an attempt, because Close ran out of time, are in failed_records_total alone.
//
// The gauges of bytes change with what they measure. The age grows by itself,
// and is refreshed every second; to have it exact at each collection, register
// Buffer.Refresh with registry.Registry.OnCollect.
package buffer
