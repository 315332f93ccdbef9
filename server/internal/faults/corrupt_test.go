//go:build linux

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

func brokenWAL(t *trial, s size) string {
	data := dataDir(t)
	server := serve(t, "--storage.path="+data, "--no-scrape.self")
	begin := time.Now().Add(-time.Hour).UnixMilli()
	batches := s.pick(500, 5000)
	acked := make(map[int64]bool)
	for i := range batches {
		at := begin + int64(i)
		if status, err := sendRemoteWrite(server.Client, "logged", at); err != nil || status/100 != 2 {
			t.Fatalf("status %d, error %v", status, err)
		}
		acked[at] = true
	}
	server.Kill()
	segment := filepath.Join(data, "wal", "00000000")
	info, err := os.Stat(segment)
	if err != nil {
		t.Fatal(err)
	}
	// In the middle of what was written; the segment may be longer.
	flipBytes(t, segment, info.Size()/2, 64)
	server.Restart(t)
	lost := missingFrom(server.values(t, `logged{i="0"}`), acked)
	if lost == 0 || lost > batches*3/4 {
		t.Errorf("%d of %d batches are lost, want about half", lost, batches)
	}
	if output := server.Output(); !strings.Contains(output, "corruption in segment") {
		t.Errorf("the log does not tell of the corruption: %s", output)
	}
	if server.metric(t, "prometheus_tsdb_wal_corruptions_total") == 0 {
		t.Errorf("prometheus_tsdb_wal_corruptions_total is 0")
	}
	server.MustWrite(t, one("after", time.Now().UnixMilli(), 1), apitest.TypeV1)
	return fmt.Sprintf("damaged in the middle: the %d batches before the damage kept, the %d after it lost; logged and counted in `prometheus_tsdb_wal_corruptions_total`", batches-lost, lost)
}

// makeBlocks pushes samples over many hours, until the database has written
// blocks of them, and gives the blocks' directories.
func makeBlocks(t *trial, server *server, data string) []string {
	t.Helper()
	for at := time.Now().Add(-20 * time.Hour); at.Before(time.Now()); at = at.Add(10 * time.Minute) {
		if status, err := sendRemoteWrite(server.Client, "in_block", at.UnixMilli()); err != nil || status/100 != 2 {
			t.Fatalf("status %d, error %v", status, err)
		}
	}
	var blocks []string
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		// Commits of new samples make it look for blocks to write.
		server.MustWrite(t, one("nudge", time.Now().UnixMilli(), 1), apitest.TypeV1)
		found, err := filepath.Glob(filepath.Join(data, "01*", "meta.json"))
		if err != nil {
			t.Fatal(err)
		}
		blocks = blocks[:0]
		for _, meta := range found {
			if dir := filepath.Dir(meta); !strings.Contains(filepath.Base(dir), ".") {
				blocks = append(blocks, dir)
			}
		}
		return len(blocks) >= 2, fmt.Sprintf("%d blocks", len(blocks))
	})
	return blocks
}

func brokenBlock(t *trial, _ size) string {
	data := dataDir(t)
	server := serve(t, "--storage.path="+data, "--no-scrape.self")
	blocks := makeBlocks(t, server, data)
	before := len(server.values(t, `in_block{i="0"}`))
	server.Kill()
	// The table of contents at the end of the index.
	flipBytes(t, filepath.Join(blocks[0], "index"), -20, 16)
	server.Restart(t)
	after := len(server.values(t, `in_block{i="0"}`))
	if after == 0 || after >= before {
		t.Errorf("%d of %d samples are there, want all but those of one block", after, before)
	}
	output := server.Output()
	if !strings.Contains(output, "a block is broken") || !strings.Contains(output, filepath.Base(blocks[0])) {
		t.Errorf("the log does not name the broken block: %s", output)
	}
	server.sees(t, "metertree_storage_broken_blocks")
	if _, err := os.Stat(blocks[0] + ".broken"); err != nil {
		t.Errorf("the block was not set aside: %v", err)
	}
	server.MustWrite(t, one("after", time.Now().UnixMilli(), 1), apitest.TypeV1)
	return fmt.Sprintf("one block of %d with a damaged index: %d of %d samples of a series kept; the log names the block, its times, samples and series", len(blocks), after, before)
}
