package doctor

import (
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
)

const (
	gib = 1 << 30
	mib = 1 << 20
)

// size is a number of bytes as people read it.
func size(n float64) string {
	if n >= gib {
		return fmt.Sprintf("%.1f GiB", n/gib)
	}
	return fmt.Sprintf("%.0f MiB", n/mib)
}

func lookAtDisk(f *facts) []Finding {
	if f.local.Disk == nil {
		return nil
	}
	path := f.storage
	if path == "" {
		path = f.flags["storage.path"]
		if !filepath.IsAbs(path) {
			return one(Note, "give the directory with --storage.path", "the disk was not examined, because the server stores in %q, relative to where it was started", path)
		}
	}
	free, total, ok := f.local.Disk(path)
	if !ok {
		return one(Note, "give the directory with --storage.path, as a user who may see it", "the disk was not examined, because %s cannot be looked at from here", path)
	}
	const remedy = "make room, give the server a larger disk, or lower --storage.retention"
	share := float64(free) / float64(max(total, 1))
	switch {
	case free < 256*mib || share < 0.02:
		return one(Error, remedy+"; on a full disk nothing is stored", "only %s of %s are free on the disk of %s", size(float64(free)), size(float64(total)), path)
	case free < gib || share < 0.1:
		return one(Warning, remedy, "only %s of %s are free on the disk of %s", size(float64(free)), size(float64(total)), path)
	}
	return f.retentionFits(float64(free), remedy)
}

// leastHistory is how much data there must be to foresee how much it will be.
const leastHistory = 6 * time.Hour

// retentionFits foresees whether what is kept will fit.
func (f *facts) retentionFits(free float64, remedy string) []Finding {
	oldest := f.metrics.sum("prometheus_tsdb_lowest_timestamp") // milliseconds
	retention, err := model.ParseDuration(f.flags["storage.retention"])
	if oldest <= 0 || oldest > math.MaxInt64/2 || err != nil {
		return nil
	}
	history := f.runtime.ServerTime.Sub(time.UnixMilli(int64(oldest)))
	if history < leastHistory || history >= time.Duration(retention) {
		return nil
	}
	blocks := f.metrics.sum("prometheus_tsdb_storage_blocks_bytes")
	more := blocks*float64(retention)/float64(history) - blocks
	if more < free {
		return nil
	}
	return one(Warning, remedy, "%s hold %s; at that rate the retention of %s needs %s more, and %s are free",
		size(blocks), history.Round(time.Hour), retention, size(more), size(free))
}

// bytesPerSeries is about what a series in memory costs, with its index and newest
// chunk.
const bytesPerSeries = 6 << 10

func lookAtMemory(f *facts) []Finding {
	limit, name := f.memoryLimit()
	used := f.metrics.sum("process_resident_memory_bytes")
	if limit == 0 {
		return nil
	}
	const remedy = "raise the limit, scrape less, or look for metrics with many series by metertree cardinality"
	switch series := f.metrics.sum("prometheus_tsdb_head_series"); {
	case used > 0.95*limit:
		return one(Error, remedy, "the server uses %s of %s (%s)", size(used), size(limit), name)
	case used > 0.85*limit:
		return one(Warning, remedy, "the server uses %s of %s (%s)", size(used), size(limit), name)
	case series*bytesPerSeries > 0.75*limit:
		return one(Warning, remedy, "%.0f series in memory need about %s, and the limit is %s (%s)", series, size(series*bytesPerSeries), size(limit), name)
	}
	if name == cgroupName && f.goLimit() == 0 {
		return one(Note, "set GOMEMLIMIT to nine tenths of it, so that memory is collected before the kernel ends the process",
			"the control group limits memory to %s, and the server does not know (GOMEMLIMIT)", size(limit))
	}
	return nil
}

const cgroupName = "limit of the control group"

// goLimit is the limit that the server's runtime keeps to, in bytes; 0 is none.
func (f *facts) goLimit() float64 {
	// Where there is none, it is the largest number there is.
	if limit := f.metrics.sum("go_gc_gomemlimit_bytes"); limit < math.MaxInt64/2 {
		return limit
	}
	return 0
}

// memoryLimit is the lowest known one, in bytes; 0 is none.
func (f *facts) memoryLimit() (limit float64, name string) {
	limit, name = f.goLimit(), "GOMEMLIMIT"
	if f.local.MemoryLimit == nil {
		return limit, name
	}
	if group, ok := f.local.MemoryLimit(); ok && (limit == 0 || float64(group) < limit) {
		return float64(group), cgroupName
	}
	return limit, name
}
