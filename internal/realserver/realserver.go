// Package realserver lets tests run the real programs that metertree is meant to
// work with: it finds them, starts them on free loopback ports in directories of
// their own, waits until they answer, and ends them when the test ends.
package realserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// debianPackage tells which package holds a program whose name is not the
// package's.
var debianPackage = map[string]string{
	"promtool": "prometheus", "influxd": "influxdb", "systemd-analyze": "systemd", "groff": "groff-base",
}

// Find returns the path of a program. If it is not installed the test is
// skipped, or fails where the environment says CI=true.
func Find(t testing.TB, program string) (path string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	pack := debianPackage[program]
	if pack == "" {
		pack = program
	}
	missing := fmt.Sprintf("the program %s is not installed: on Debian, apt-get install %s", program, pack)
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// FreeAddress returns a loopback address whose port was free a moment ago, for
// programs that cannot choose one themselves.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TakenAddress returns a loopback address on which the test listens until its end,
// for programs that must say so.
func TakenAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Nobody speaks to it, so nothing can be lost.
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// NodeExporter starts the real node exporter.
func NodeExporter(t testing.TB) *Process {
	t.Helper()
	binary := Find(t, "prometheus-node-exporter")
	return Start(t, "/metrics", func(address string) *exec.Cmd {
		return exec.Command(binary, "--web.listen-address="+address)
	})
}

// Prometheus starts the real Prometheus with a configuration. It accepts remote
// write.
func Prometheus(t testing.TB, config string) *Process {
	t.Helper()
	binary := Find(t, "prometheus")
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	return Start(t, "/-/ready", func(address string) *exec.Cmd {
		return exec.Command(binary,
			"--config.file="+file,
			"--storage.tsdb.path="+filepath.Join(dir, "data"),
			"--web.listen-address="+address,
			"--web.enable-remote-write-receiver",
			"--log.level=warn")
	})
}

// VictoriaMetrics starts the real single-node VictoriaMetrics. It accepts remote
// write.
func VictoriaMetrics(t testing.TB) *Process {
	t.Helper()
	binary := Find(t, "victoria-metrics")
	dir := t.TempDir()
	return Start(t, "/health", func(address string) *exec.Cmd {
		return exec.Command(binary,
			"-storageDataPath="+filepath.Join(dir, "data"),
			"-httpListenAddr="+address,
			"-retentionPeriod=1d",
			"-loggerLevel=ERROR")
	})
}

// InfluxDB starts the real InfluxDB 1, with more variables of its environment,
// which can say what its configuration does.
func InfluxDB(t testing.TB, environment ...string) *Process {
	t.Helper()
	binary := Find(t, "influxd")
	dir := t.TempDir()
	return Start(t, "/debug/vars", func(address string) *exec.Cmd {
		command := exec.Command(binary, "run", "-config", os.DevNull)
		command.Env = append(os.Environ(),
			"INFLUXDB_META_DIR="+filepath.Join(dir, "meta"),
			"INFLUXDB_DATA_DIR="+filepath.Join(dir, "data"),
			"INFLUXDB_DATA_WAL_DIR="+filepath.Join(dir, "wal"),
			"INFLUXDB_HTTP_BIND_ADDRESS="+address,
			"INFLUXDB_BIND_ADDRESS=127.0.0.1:0",
			"INFLUXDB_MONITOR_STORE_ENABLED=false",
			"INFLUXDB_REPORTING_DISABLED=true")
		command.Env = append(command.Env, environment...)
		return command
	})
}
