// Package sqlmetrics collects the state of database/sql connection pools. Each
// has a name, which is the value of the label db_name.
//
//	name                                kind     what
//	go_sql_open_connections             gauge    connections, in use or idle
//	go_sql_in_use_connections           gauge    connections in use
//	go_sql_idle_connections             gauge    connections that wait for use
//	go_sql_max_open_connections         gauge    limit of connections
//	go_sql_wait_count_total             counter  times that a connection was waited for
//	go_sql_wait_duration_seconds_total  counter  time spent waiting for a connection, in seconds
//	go_sql_max_idle_closed_total        counter  closed because of SetMaxIdleConns
//	go_sql_max_idle_time_closed_total   counter  closed because of SetConnMaxIdleTime
//	go_sql_max_lifetime_closed_total    counter  closed because of SetConnMaxLifetime
//
// Names are those that dashboards for Go programs expect. A pool without a limit
// has no go_sql_max_open_connections: zero would read as a pool that is full.
//
// Each pool is asked once per collection. Queries are not measured: that takes a
// driver around the driver.
package sqlmetrics
