package prom

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
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
	logger  *slog.Logger
	refused prometheus.Counter
	torn    atomic.Bool
}

func newLedger(dir string, reg prometheus.Registerer, logger *slog.Logger) *ledger {
	l := &ledger{
		dir:    dir,
		logger: logger,
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "metertree_ingest_refused_appends_total",
			Help: "Scrapes and pushes refused because the disk is nearly full, or because a write to it has failed.",
		}),
	}
	reg.MustRegister(l.refused, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "metertree_storage_writable",
		Help: "Whether samples are taken: 0 while the disk is nearly full, and from a failed write until the next start.",
	}, func() float64 {
		if l.state() != nil {
			return 0
		}
		return 1
	}))
	return l
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
	return l.space()
}

func (l *ledger) space() error {
	free, total, ok := diskSpace(l.dir)
	if ok && free < min(spaceReserve, total/spacePart) {
		return errNoSpace
	}
	return nil
}

// note remembers that the system has refused a write. After it nothing must be
// acknowledged, since the next start may drop it.
func (l *ledger) note(err error) error {
	if _, ok := errors.AsType[syscall.Errno](err); ok && !l.torn.Swap(true) {
		l.logger.Error("a write to the storage failed: no samples are taken until the server is restarted, which repairs the log; queries go on", "err", err)
	}
	return err
}

// mendable reports whether the log is torn, and a start would find a storage that
// it can repair it on.
func (l *ledger) mendable() bool {
	return l.torn.Load() && l.space() == nil && probeWritable(l.dir) == nil
}

// stopIfTorn ends the goroutine that it is called on if the log is torn, or if the
// storage cannot be written to for another reason than that it is full.
//
// That is for the goroutine by which the database does what is due from time to
// time. It moves samples from memory to files, and where that fails it panics,
// which would end queries too.
func (l *ledger) stopIfTorn() {
	err := probeWritable(l.dir)
	if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		_ = l.note(err) // given back as it is
	}
	if l.torn.Load() {
		runtime.Goexit()
	}
}
