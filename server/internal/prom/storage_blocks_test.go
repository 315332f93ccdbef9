package prom

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Only directories that are called as blocks are, and are none, are set aside.
func TestBrokenBlocksAreSetAside(t *testing.T) {
	dir := t.TempDir()
	const block = "01J0000000000000000000000X"
	for _, name := range []string{block, "wal", "chunks_head", block + ".tmp-for-deletion"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	meta := `{"ulid":"` + block + `","minTime":0,"maxTime":7200000,"stats":{"numSamples":42},"version":1}`
	if err := os.WriteFile(filepath.Join(dir, block, "meta.json"), []byte(meta), 0o666); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	if err := setAsideBrokenBlocks(dir, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if got, want := strings.Join(names, " "), block+".broken "+block+".tmp-for-deletion chunks_head wal"; got != want {
		t.Errorf("left %q, want %q", got, want)
	}
	registry := prometheus.NewRegistry()
	countBrokenBlocks(dir, registry)
	if err := testutil.GatherAndCompare(registry, strings.NewReader("# HELP metertree_storage_broken_blocks Blocks that could not be opened and were set aside, as of the start.\n# TYPE metertree_storage_broken_blocks gauge\nmetertree_storage_broken_blocks 1\n")); err != nil {
		t.Error(err)
	}
	for _, want := range []string{block + ".broken", "samples=42", "to=1970-01-01T02:00:00"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
}
