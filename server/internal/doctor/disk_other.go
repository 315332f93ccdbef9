//go:build !linux && !darwin

package doctor

// disk does not know.
func disk(string) (free, total uint64, ok bool) { return 0, 0, false }
