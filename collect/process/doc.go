// Package process collects what the operating system knows about the running
// process: CPU time, memory, open files, start time and network traffic.
//
//	name                                  kind     what
//	process_cpu_seconds_total             counter  user and system CPU time, in seconds
//	process_open_fds                      gauge    open file descriptors
//	process_max_fds                       gauge    limit of open file descriptors
//	process_resident_memory_bytes         gauge    memory that is in RAM
//	process_virtual_memory_bytes          gauge    address space
//	process_virtual_memory_max_bytes      gauge    limit of the address space
//	process_start_time_seconds            gauge    start, in seconds of Unix time
//	process_network_receive_bytes_total   counter  bytes received by the network namespace
//	process_network_transmit_bytes_total  counter  bytes sent by the network namespace
//
// They are read from /proc, once per collection, on Linux. Elsewhere nothing is
// registered: a metric that is absent can be seen to be absent, while one that
// is always zero misleads. The same goes for a single one that cannot be read,
// such as where /proc is restricted. The network counters are those of the
// process's network namespace: in a container its own, otherwise the host's.
package process
