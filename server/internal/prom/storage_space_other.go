//go:build !linux && !darwin

package prom

// diskSpace does not know.
func diskSpace(string) (free, total uint64, ok bool) { return 0, 0, false }
