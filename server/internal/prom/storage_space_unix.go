//go:build linux || darwin

package prom

import "syscall"

// diskSpace returns the bytes that are free to a user, and all bytes, of the file
// system that holds a directory.
func diskSpace(dir string) (free, total uint64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, false
	}
	size := uint64(s.Bsize)
	return s.Bavail * size, s.Blocks * size, true
}
