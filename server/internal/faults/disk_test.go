//go:build linux

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// smallDisk mounts a file system of this size in MiB until the end of the test.
func smallDisk(t *trial, size int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size))
	if errors.Is(err, syscall.EPERM) && os.Getenv("CI") != "true" {
		t.Skip("mounting a small file system needs the right to: run as root")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return dir
}

// fill writes a file until the disk is full.
func fill(t *trial, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, size := range []int{64 << 10, 512} {
		for err = nil; err == nil; {
			_, err = file.Write(bytes.Repeat([]byte{1}, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

func diskFull(t *trial, s size) string {
	disk := smallDisk(t, 24)
	server := serve(t, "--storage.path="+filepath.Join(disk, "data"), "--no-scrape.self", "--storage.max-exemplars=0")
	begin := time.Now().Add(-time.Hour).UnixMilli()
	acked := make(map[int64]bool)
	refused := map[int]int{}
	at := begin
	push := func() bool {
		at++
		status, err := sendRemoteWrite(server.Client, "on_disk", at)
		if err != nil {
			t.Fatalf("the server is gone: %v\n%s", err, server.Output())
		}
		if status/100 == 2 {
			acked[at] = true
			return true
		}
		refused[status]++
		return false
	}
	for range 100 {
		push()
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	for n := 0; len(refused) == 0 && n < 20_000; n++ {
		push()
	}
	for range s.pick(20, 500) {
		push()
	}
	for status := range refused {
		if status/100 != 5 {
			t.Errorf("a push was answered %d on a full disk, want 5xx", status)
		}
	}
	if len(refused) == 0 {
		t.Fatalf("no push was refused on a full disk")
	}
	if got := len(server.Query(t, "count_over_time(on_disk[2h])", time.Now())); got != seriesPerPush {
		t.Errorf("on a full disk a query finds %d series, want %d", got, seriesPerPush)
	}
	if _, answer, err := server.Write(one("on_disk", at, 1), apitest.TypeV1); !strings.Contains(answer, "nearly full") {
		t.Errorf("a pusher is not told that the disk is nearly full: %q, %v", answer, err)
	}
	server.sees(t, "metertree_ingest_refused_appends_total", "metertree_ingest_refused_requests_total")
	if server.metric(t, "metertree_storage_writable") != 0 {
		t.Errorf("metertree_storage_writable does not say that the disk is full")
	}
	if status, answer := server.status(t, "/-/ready"); status != http.StatusOK {
		t.Errorf("ready on a full disk, which queries are answered on: %d %s", status, answer)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 10*time.Second, func() (bool, string) { return push(), "pushes are refused although there is space" })
	for range 100 {
		push()
	}
	server.Restart(t)
	if lost := missingFrom(server.values(t, `on_disk{i="0"}`), acked); lost > 0 {
		t.Errorf("%d of %d acknowledged batches are lost", lost, len(acked))
	}
	return fmt.Sprintf("refused with %s, %d batches acknowledged, 0 lost, taken again after space was freed and after a restart", statuses(refused), len(acked))
}

// statuses are those that requests were answered with, the lowest first.
func statuses(counted map[int]int) string {
	var all []string
	for _, status := range slices.Sorted(maps.Keys(counted)) {
		all = append(all, strconv.Itoa(status))
	}
	return strings.Join(all, " and ")
}

func missingFrom(stored map[int64]string, acked map[int64]bool) (lost int) {
	for at := range acked {
		if _, ok := stored[at]; !ok {
			lost++
		}
	}
	return lost
}

func readOnly(t *trial, _ size) string {
	disk := smallDisk(t, 24)
	data := filepath.Join(disk, "data")
	server := serve(t, "--storage.path="+data, "--no-scrape.self")
	server.MustWrite(t, one("kept", time.Now().UnixMilli(), 1), apitest.TypeV1)
	server.Kill()
	remount(t, disk, syscall.MS_RDONLY)
	command := serveCommand(t, realserver.FreeAddress(t), "--storage.path="+data)
	output, err := command.CombinedOutput()
	message := strings.TrimSpace(string(output))
	if err == nil || strings.Contains(message, "\n") || !strings.Contains(message, "read-only file system") || !strings.Contains(message, "--storage.path") {
		t.Errorf("the start on a read-only directory ended with %v and %q", err, message)
	}
	remount(t, disk, 0)
	server.Restart(t)
	if len(server.values(t, "kept")) != 1 {
		t.Errorf("the sample is lost")
	}
	return "`" + strings.ReplaceAll(message, disk, "DIR") + "`"
}

func remount(t *trial, disk string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// flipBytes damages a file at an offset, counted from the end if it is negative.
func flipBytes(t testing.TB, path string, offset int64, count int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if offset < 0 {
		offset += int64(len(content))
	}
	for i := range count {
		content[offset+int64(i)] ^= 0xff
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}
