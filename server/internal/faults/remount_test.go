//go:build linux

package faults

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// tool runs a program of the system's.
func tool(name string, args ...string) error {
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, output)
	}
	return nil
}

// breakable is a file system that can fail under those who write to it.
type breakable struct{ image, dir string }

// breakableDisk mounts a file system in a file until the end of the test.
func breakableDisk(t *trial) breakable {
	t.Helper()
	d := breakable{image: filepath.Join(t.TempDir(), "image"), dir: t.TempDir()}
	err := os.WriteFile(d.image, nil, 0o600)
	if err == nil {
		err = os.Truncate(d.image, 256<<20)
	}
	if err == nil {
		err = tool("mkfs.ext4", "-q", "-F", d.image)
	}
	if err == nil {
		err = d.mount()
	}
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("mounting a file needs the right to, and mkfs.ext4: run as root: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return d
}

func (d breakable) mount() error {
	return tool("mount", "-o", "loop,errors=remount-ro", d.image, d.dir)
}

// fail makes the file system read-only, as the kernel does when the disk fails,
// although files are open for writing.
func (d breakable) fail() error {
	// What the kernel would have written by itself within seconds.
	syscall.Sync()
	return tool("mount", "-o", "remount,abort", d.dir)
}

// mend is what an operator does about it.
func (d breakable) mend() error {
	if err := syscall.Unmount(d.dir, 0); err != nil {
		return err
	}
	err := tool("e2fsck", "-p", d.image)
	// 1 is that what was wrong was mended.
	if exit, is := errors.AsType[*exec.ExitError](err); err != nil && (!is || exit.ExitCode() != 1) {
		return err
	}
	return d.mount()
}

// status is what a path is answered with.
func (s *server) status(t *trial, path string) (int, string) {
	t.Helper()
	response, err := patient.Get(s.Process.URL + path)
	if err != nil {
		t.Fatalf("the server is gone: %v\n%s", err, tail(s.Output()))
	}
	defer response.Body.Close()
	text := make([]byte, 300)
	n, _ := response.Body.Read(text)
	return response.StatusCode, string(text[:n])
}

func readOnlyRunning(t *trial, s size) string {
	disk := breakableDisk(t)
	server := serve(t, "--storage.path="+filepath.Join(disk.dir, "data"), "--no-scrape.self")
	begin := time.Now().Add(-time.Hour).UnixMilli()
	acked, refused := make(map[int64]bool), map[int]int{}
	push := func(at int64) {
		status, err := sendRemoteWrite(server.Client, "on_disk", at)
		if err != nil {
			t.Fatalf("the server is gone: %v\n%s", err, tail(server.Output()))
		}
		if status/100 == 2 {
			acked[at] = true
		} else {
			refused[status]++
		}
	}
	// So many that some are due to be moved from memory to files.
	for i := range 300 {
		push(begin + int64(i))
	}
	if err := disk.fail(); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		push(begin + int64(1000+i))
	}
	if len(refused) != 1 || refused[http.StatusServiceUnavailable] != 50 || len(acked) != 300 {
		t.Errorf("on read-only storage pushes were refused with %v, and %d acknowledged of 300 before", refused, len(acked))
	}
	goesOn := func() {
		if got := len(server.Query(t, "count_over_time(on_disk[2h])", time.Now())); got != seriesPerPush {
			t.Errorf("on read-only storage a query finds %d series, want %d", got, seriesPerPush)
		}
		if status, answer := server.status(t, "/-/ready"); status != http.StatusServiceUnavailable || !strings.Contains(answer, "restart the server") {
			t.Errorf("ready: %d %s", status, answer)
		}
		if status, answer := server.status(t, "/-/healthy"); status != http.StatusOK {
			t.Errorf("healthy, where a restart does not help: %d %s", status, answer)
		}
	}
	goesOn()
	server.sees(t, "prometheus_tsdb_wal_writes_failed_total", "metertree_ingest_refused_requests_total")
	if server.metric(t, "metertree_storage_writable") != 0 {
		t.Errorf("metertree_storage_writable does not say that the storage is read-only")
	}
	if s == full {
		// Each minute the database writes what is due, whoever pushes.
		until := time.Now().Add(130 * time.Second)
		apitest.Eventually(t, 4*time.Minute, func() (bool, string) {
			server.page(t, "/metrics")
			return time.Now().After(until), "waiting"
		})
		goesOn()
	}
	stopped := stopInOrder(t, server)
	if err := disk.mend(); err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	if lost := missingFrom(server.values(t, `on_disk{i="0"}`), acked); lost > 0 {
		t.Errorf("%d of %d acknowledged batches are lost", lost, len(acked))
	}
	server.MustWrite(t, one("after", time.Now().UnixMilli(), 1), apitest.TypeV1)
	return fmt.Sprintf("refused with 503, %d batches acknowledged before, 0 lost, queries answered for %s, %s; after a restart on writable storage pushes are taken", len(acked), map[size]string{short: "a moment", full: "two minutes"}[s], stopped)
}

// stopInOrder ends the server as a supervisor does, which must not end it by a
// panic.
func stopInOrder(t *trial, server *server) string {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-server.Process.Exited():
	case <-time.After(time.Minute):
		t.Fatalf("the server goes on after SIGTERM: %s", tail(server.Output()))
	}
	if output := server.Output(); strings.Contains(output, "panic:") || strings.Contains(output, "goroutine ") {
		t.Errorf("it panicked: %s", tail(output))
	}
	return "stopped in order"
}
