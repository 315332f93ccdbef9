// Package goruntime collects the state of the Go runtime: goroutines, threads,
// memory, garbage collection and scheduling. Everything but the time of the last
// collection of garbage and the number of threads comes from one read of
// runtime/metrics per collection, which does not stop the program.
//
// Names are those that dashboards for Go programs expect. Sizes are in bytes,
// times in seconds.
//
//	name                                    kind       what
//	go_info{version}                        gauge      1, with the version of Go
//	go_goroutines                           gauge      goroutines that exist
//	go_threads                              gauge      threads of the operating system, created so far
//	go_gc_cycles_total                      counter    completed collection cycles
//	go_gc_gogc_percent                      gauge      heap growth target (GOGC)
//	go_gc_gomemlimit_bytes                  gauge      soft memory limit (GOMEMLIMIT)
//	go_gc_pauses_seconds                    histogram  stop-the-world pauses of the collector
//	go_sched_gomaxprocs_threads             gauge      threads that may run Go code at once
//	go_sched_latencies_seconds              histogram  time goroutines wait, runnable, before they run
//	go_sync_mutex_wait_total_seconds_total  counter    time goroutines spent blocked on mutexes
//	go_memstats_alloc_bytes                 gauge      heap objects, live or not yet swept
//	go_memstats_alloc_bytes_total           counter    allocated on the heap so far
//	go_memstats_mallocs_total               counter    heap objects allocated so far
//	go_memstats_frees_total                 counter    heap objects freed so far
//	go_memstats_sys_bytes                   gauge      obtained from the system
//	go_memstats_heap_alloc_bytes            gauge      as go_memstats_alloc_bytes
//	go_memstats_heap_sys_bytes              gauge      heap memory obtained from the system
//	go_memstats_heap_idle_bytes             gauge      heap spans without objects
//	go_memstats_heap_inuse_bytes            gauge      heap spans with objects
//	go_memstats_heap_released_bytes         gauge      heap returned to the system
//	go_memstats_heap_objects                gauge      heap objects, live or not yet swept
//	go_memstats_stack_inuse_bytes           gauge      goroutine stacks
//	go_memstats_stack_sys_bytes             gauge      goroutine and system stacks
//	go_memstats_mspan_inuse_bytes           gauge      span structures in use
//	go_memstats_mspan_sys_bytes             gauge      span structures
//	go_memstats_mcache_inuse_bytes          gauge      cache structures in use
//	go_memstats_mcache_sys_bytes            gauge      cache structures
//	go_memstats_buck_hash_sys_bytes         gauge      profiling tables
//	go_memstats_gc_sys_bytes                gauge      collector's own structures
//	go_memstats_other_sys_bytes             gauge      everything else of the runtime
//	go_memstats_next_gc_bytes               gauge      heap size at which the next cycle is to end
//	go_memstats_last_gc_time_seconds        gauge      end of the last cycle, Unix time
//
// The histograms keep a small part of the runtime's bucket edges, so that their
// counts are exact. The runtime keeps no sums: those here are estimated from the
// middles of the runtime's own, finer buckets.
//
// A metric that the running version of Go does not provide is left out.
package goruntime
