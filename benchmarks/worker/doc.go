// Package worker runs measurements in processes of their own: a clean heap for
// what measures memory, another GOMAXPROCS, or a binary built with other tags.
// A process takes tasks as lines of JSON and answers each with one line, so one
// that has no task costs the others nothing.
package worker
