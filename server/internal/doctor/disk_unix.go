//go:build linux || darwin

package doctor

import "syscall"

// disk returns the bytes that are free to a user and all bytes of the file system
// that holds a path.
func disk(path string) (free, total uint64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, 0, false
	}
	size := uint64(s.Bsize)
	return s.Bavail * size, s.Blocks * size, true
}
