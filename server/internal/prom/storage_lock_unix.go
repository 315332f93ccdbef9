//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package prom

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dirLock is an exclusive advisory lock on a storage directory.
//
// The database has a lock of its own, but it tidies the directory before taking
// it, and cannot say who holds it. This lock is taken first.
type dirLock struct {
	file *os.File
}

const (
	lockFile         = "metertree.lock"
	databaseLockFile = "lock"
)

func lockDir(dir string) (*dirLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("storage path %q is not writable: %w: choose a writable directory with --storage.path", dir, pathCause(err))
	}
	if err := flock(file); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(file, 64))
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, lockedError(dir, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("storage path %q cannot be locked: %w: choose a directory on a local file system with --storage.path", dir, err)
	}
	lock := &dirLock{file: file}
	if databaseLocked(dir) {
		return nil, errors.Join(lockedError(dir, ""), lock.release())
	}
	if err := lock.sign(); err != nil {
		return nil, errors.Join(fmt.Errorf("storage path %q: lock file: %w: free some space or choose another directory with --storage.path", dir, err), lock.release())
	}
	return lock, nil
}

func flock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// sign writes into the lock file who holds it, for the message that a second
// process prints.
func (l *dirLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(l.file, "process %d\n", os.Getpid())
	return err
}

// release gives up the lock, after the database was closed. The file stays:
// removing it would let two processes hold locks on two files of the same name.
func (l *dirLock) release() error {
	return l.file.Close()
}

// databaseLocked reports whether another process holds the database's own lock,
// as a Prometheus server on the same directory does.
func databaseLocked(dir string) bool {
	file, err := os.OpenFile(filepath.Join(dir, databaseLockFile), os.O_RDWR, 0)
	if err != nil {
		return false // there is none, or opening the database will say why
	}
	defer file.Close()
	return errors.Is(flock(file), syscall.EWOULDBLOCK)
}
