package prom

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/compression"
)

// StorageOptions say where samples are kept and for how long.
type StorageOptions struct {
	// Path is the directory of the database. It is created if it is missing and
	// held by an exclusive lock while the Node is open.
	Path string
	// Retention is how long samples are kept; older ones are refused on arrival.
	Retention time.Duration
	// OutOfOrderWindow is how much older than the newest sample of its series a
	// sample may be and still be accepted, at most the retention. Zero refuses all
	// such samples.
	OutOfOrderWindow time.Duration
	// MaxExemplars is how many exemplars are kept, in memory, over all series.
	MaxExemplars int64
}

// The shortest retention that makes sense: the database keeps the two newest
// hours in memory and writes blocks of two hours.
const minRetention = 2 * time.Hour

func (o StorageOptions) check() error {
	switch {
	case o.Path == "":
		return errors.New("storage path is empty: give a directory with --storage.path")
	case o.Retention < minRetention:
		return fmt.Errorf("storage retention %v is too short: give at least 2h with --storage.retention", o.Retention)
	case o.OutOfOrderWindow < 0:
		return fmt.Errorf("out-of-order window %v is negative: give 0 or more with --storage.out-of-order-window", o.OutOfOrderWindow)
	case o.MaxExemplars < 0:
		return fmt.Errorf("number of exemplars %d is negative: give 0 or more with --storage.max-exemplars", o.MaxExemplars)
	}
	return nil
}

// database is the opened time series database and the lock on its directory.
type database struct {
	*tsdb.DB
	lock   *dirLock
	stats  *tsdb.DBStats
	ledger *ledger
}

// openDatabase locks the directory and replays the write-ahead log. The options
// must have been checked.
func openDatabase(o StorageOptions, reg prometheus.Registerer, logger *slog.Logger) (*database, error) {
	if err := probeWritable(o.Path); err != nil {
		return nil, err
	}
	lock, err := lockDir(o.Path)
	if err != nil {
		return nil, err
	}
	if err := setAsideBrokenBlocks(o.Path, logger); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	countBrokenBlocks(o.Path, reg)
	d := &database{lock: lock, stats: tsdb.NewDBStats(), ledger: newLedger(o.Path, reg, logger)}
	if err := d.open(o, reg, logger); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return d, nil
}

func (d *database) open(o StorageOptions, reg prometheus.Registerer, logger *slog.Logger) error {
	options := o.tsdbOptions()
	// It is asked for by the goroutine that the ledger must be able to stop, each
	// minute before that writes, and once while the database is opened.
	var opened atomic.Pointer[tsdb.DB]
	options.BlocksToDelete = func(blocks []*tsdb.Block) map[ulid.ULID]struct{} {
		db := opened.Load()
		if db == nil {
			return nil // until the next minute
		}
		d.ledger.stopIfTorn()
		return tsdb.DefaultBlocksToDelete(db)(blocks)
	}
	db, err := tsdb.Open(o.Path, logger, reg, options, d.stats)
	if err != nil {
		return explainOpen(o.Path, err)
	}
	opened.Store(db)
	d.DB = db
	return nil
}

func (o StorageOptions) tsdbOptions() *tsdb.Options {
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = o.Retention.Milliseconds()
	opts.MaxBlockDuration = max(opts.MinBlockDuration, (o.Retention / 10).Milliseconds())
	opts.OutOfOrderTimeWindow = min(o.OutOfOrderWindow, o.Retention).Milliseconds()
	opts.WALCompression = compression.Snappy
	opts.FloatChunkEncoding = chunkenc.EncXOR
	opts.EnableExemplarStorage = o.MaxExemplars > 0
	opts.MaxExemplars = o.MaxExemplars
	return opts
}

// Close flushes and closes the database, then gives up the lock.
func (d *database) Close() error {
	return errors.Join(d.closeDB(), d.lock.release())
}

// closeDB closes the database, which panics where it cannot write what is due.
func (d *database) closeDB() (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("storage at %q cannot be closed in order: %v: the next start reads the log", d.Dir(), fault)
		}
	}()
	return d.DB.Close()
}

// StartTime is when the stored samples begin, in milliseconds since the epoch.
func (d *database) StartTime() (int64, error) {
	if blocks := d.Blocks(); len(blocks) > 0 {
		return blocks[0].Meta().MinTime, nil
	}
	return time.Now().UnixMilli(), nil
}

// The methods below are the status part of the HTTP API.

// BlockMetas describes the blocks on disk.
func (d *database) BlockMetas() ([]tsdb.BlockMeta, error) { return d.DB.BlockMetas(), nil }

// Stats counts series and label values in memory.
func (d *database) Stats(byLabel string, limit int) (*tsdb.Stats, error) {
	return d.Head().Stats(byLabel, limit), nil
}

// WALReplayStatus says how far the replay of the write-ahead log came.
func (d *database) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return d.stats.Head.WALReplayStatus.GetWALReplayStatus(), nil
}

var _ storage.Storage = (*database)(nil)

// probeWritable makes the directory and writes a file in it, so that a wrong
// path is reported in one line before anything is opened.
func probeWritable(path string) error {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return fmt.Errorf("storage path %q cannot be created: %w: choose a writable directory with --storage.path", path, pathCause(err))
	}
	probe, err := os.CreateTemp(path, ".probe-*")
	if err != nil {
		return fmt.Errorf("storage path %q is not writable: %w: choose a writable directory with --storage.path", path, pathCause(err))
	}
	name := probe.Name()
	if err := errors.Join(probe.Close(), os.Remove(name)); err != nil {
		return fmt.Errorf("storage path %q is not writable: %w: choose a writable directory with --storage.path", path, err)
	}
	return nil
}

func explainOpen(path string, err error) error {
	// Either number may say that a lock is held; elsewhere they mean other things.
	held := errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES)
	if held && strings.Contains(err.Error(), "lock DB directory") {
		return lockedError(path, "")
	}
	return fmt.Errorf("storage at %q cannot be opened: %s: repair or move the directory, or choose another with --storage.path", path, oneLine(err.Error()))
}

func lockedError(path, holder string) error {
	if holder != "" {
		holder = " (" + holder + ")"
	}
	return fmt.Errorf("storage path %q is locked by another process%s: stop it or choose another directory with --storage.path", filepath.Clean(path), holder)
}
