// Package queue meters a queue of work: how much waits and for how long, and what
// becomes of it.
//
// The names are within the scope given, usually one with the segment queue.
// Several queues may share a scope.
//
//	name                               kind       what
//	enqueued_total{queue}              counter    items that entered the queue
//	rejected_total{queue,reason}       counter    items that the queue did not take
//	dequeued_total{queue}              counter    items handed to workers
//	retried_total{queue,reason}        counter    items put back after they were dequeued
//	dropped_total{queue,reason}        counter    items that left the queue unhandled
//	dead_lettered_total{queue,reason}  counter    items set aside after they were dequeued
//	wait_seconds{queue}                histogram  time from enqueue to dequeue
//	depth{queue}                       gauge      items that wait
//	capacity{queue}                    gauge      items that may wait; only if it was set
//	oldest_age_seconds{queue}          gauge      age of the item that waits longest; only if it was set
//
// Every item is accounted for: enqueued and retried make up dequeued, dropped and
// depth together.
//
// Depth is counted from what happens. A queue that knows its depth, or is shared
// with other processes, is read instead, by SetState or by a Collector: each
// reading replaces what was counted, and alone gives capacity and age.
package queue
