// Package servers measures metertree's server beside others on the same work:
// it starts each alone, gives it what package load makes, asks it what it has
// stored, and reads from the system what that took.
package servers
