package prom

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
)

// Samples are taken while this much of the disk is free: spaceReserve bytes, or a
// spacePart of a small disk.
//
// The database does not survive a full disk well. A record of the write-ahead log
// that spans two of its pages, of which the second cannot be written, stays torn;
// what is written after it, once there is space again, is acknowledged, and
// dropped by the next start as what follows a corruption.
const (
	spaceReserve = 64 << 20
	spacePart    = 16
)

var (
	errNoSpace = fmt.Errorf("no samples are taken, because the disk of the storage is nearly full: free some space; %d MiB, or a part in %d of a small disk, must be free", spaceReserve>>20, spacePart)
	errTornLog = errors.New("no samples are taken any more, because a write to the storage failed and may have left its log torn: see the log for why, and restart the server")
)

// ledger guards the database's write-ahead log. It is safe for concurrent use.
type ledger struct {
	dir     string
	refused prometheus.Counter
	torn    atomic.Bool
}

// writable reports why the log must not be written to.
func (l *ledger) writable() error {
	err := l.state()
	if err != nil {
		l.refused.Inc()
	}
	return err
}

func (l *ledger) state() error {
	if l.torn.Load() {
		return errTornLog
	}
	free, total, ok := diskSpace(l.dir)
	if ok && free < min(spaceReserve, total/spacePart) {
		return errNoSpace
	}
	return nil
}

// note remembers that the system has refused a write. After it nothing must be
// acknowledged, since the next start may drop it.
func (l *ledger) note(err error) error {
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		l.torn.Store(true)
	}
	return err
}
