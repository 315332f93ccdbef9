//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dirLock is an exclusive advisory lock on a directory.
type dirLock struct{ file *os.File }

const lockFile = "lock"

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("storage path %q is not writable: %w: choose a writable directory with --storage.path", dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("storage path %q is in use by another gateway: stop it, or choose another directory with --storage.path", dir)
	case err != nil:
		err = fmt.Errorf("storage path %q cannot be locked: %w: choose a directory on a local file system with --storage.path", dir, err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dirLock{f}, nil
}

// release gives up the lock. The file stays: removing it would let two processes
// hold locks on two files of one name.
func (l *dirLock) release() error { return l.file.Close() }
