// Package tasks meters background tasks, and sessions that clients open and close.
//
// The names are within the scope given. Tasks, usually in a scope with the segment
// tasks:
//
//	name                             kind           what
//	started_total{task_type}         counter        tasks that began
//	finished_total{task_type,status} counter        tasks that ended, by how: ok, error or panic
//	duration_seconds{task_type}      histogram      how long tasks took
//	running{task_type}               updowncounter  tasks that run now
//
// The ratio error_ratio is the tasks that ended with an error or a panic, of all
// that ended.
//
// Sessions, in a scope of their own, usually with the segment sessions:
//
//	name                             kind           what
//	opened_total                     counter        sessions opened
//	closed_total{reason}             counter        sessions that ended, by why
//	open                             updowncounter  sessions that are open
//	lifetime_seconds                 histogram      how long sessions were open
//
// Which session, and whose, is never a label.
package tasks
