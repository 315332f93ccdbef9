package prom

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb"
)

// brokenSuffix is appended to the directory of a block that cannot be opened.
// The database takes no notice of directories with such names.
const brokenSuffix = ".broken"

// blockName is what directories of blocks are called: a ULID.
var blockName = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{26}$`)

// countBrokenBlocks makes the number of blocks that were set aside, now or before,
// and are still there, a metric.
func countBrokenBlocks(dir string, reg prometheus.Registerer) {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "metertree_storage_broken_blocks",
		Help: "Blocks that could not be opened and were set aside, as of the start.",
	})
	reg.MustRegister(gauge)
	aside, _ := filepath.Glob(filepath.Join(dir, "*"+brokenSuffix)) // the pattern is well formed
	for _, path := range aside {
		if blockName.MatchString(strings.TrimSuffix(filepath.Base(path), brokenSuffix)) {
			gauge.Inc()
		}
	}
}

// setAsideBrokenBlocks renames the blocks that cannot be opened, and logs what is
// missing from then on. One such block would keep the database from opening.
func setAsideBrokenBlocks(dir string, logger *slog.Logger) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("storage path %q cannot be read: %w: choose another directory with --storage.path", dir, pathCause(err))
	}
	for _, entry := range entries {
		if !entry.IsDir() || !blockName.MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		broken := tryBlock(path)
		if broken == nil {
			continue
		}
		if err := os.Rename(path, path+brokenSuffix); err != nil {
			return fmt.Errorf("storage path %q: broken block %s cannot be set aside: %w: move it elsewhere", dir, entry.Name(), err)
		}
		logger.Error("a block is broken: its samples are lost to queries, all others are kept",
			append([]any{"moved_to", path + brokenSuffix, "err", broken}, blockContent(path+brokenSuffix)...)...)
	}
	return nil
}

// tryBlock opens a block, which checks its index and the heads of its chunks.
func tryBlock(path string) error {
	block, err := tsdb.OpenBlock(nil, path, nil, nil)
	if err != nil {
		return err
	}
	return block.Close()
}

// blockContent is what a block's description says of it, to be logged.
func blockContent(path string) []any {
	var meta tsdb.BlockMeta
	content, err := os.ReadFile(filepath.Join(path, "meta.json"))
	if err != nil || json.Unmarshal(content, &meta) != nil {
		return []any{"content", "unknown: meta.json cannot be read"}
	}
	return []any{
		"from", time.UnixMilli(meta.MinTime).UTC(), "to", time.UnixMilli(meta.MaxTime).UTC(),
		"samples", meta.Stats.NumSamples, "series", meta.Stats.NumSeries,
	}
}
