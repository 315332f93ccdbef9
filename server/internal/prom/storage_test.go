package prom

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

func TestOpenRefusesPath(t *testing.T) {
	file := writeFile(t, "file", "not a directory")
	tests := []struct{ name, path, want string }{
		{"below a file", filepath.Join(file, "data"), "cannot be created"},
		{"a file", file, "cannot be created"},
		{"not writable", "/proc/self", "is not writable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := testOptions(t)
			options.Storage.Path = test.path
			_, err := Open(options)
			if err == nil {
				t.Fatal("opened")
			}
			message := err.Error()
			if !strings.Contains(message, test.want) || !strings.Contains(message, "--storage.path") || strings.Contains(message, "\n") {
				t.Errorf("got %q, want one line with %q and the remedy", message, test.want)
			}
		})
	}
}

func TestOpenIsExclusive(t *testing.T) {
	options := testOptions(t)
	first, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(options)
	if err == nil {
		t.Fatal("opened twice")
	}
	if message := err.Error(); !strings.Contains(message, "is locked by another process") || strings.Contains(message, "\n") {
		t.Errorf("got %q", message)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(options)
	if err != nil {
		t.Fatalf("after close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// A real Prometheus server and a node keep out of each other's directory. Debian's
// package takes the lock only when told to.
func TestOpenAndPrometheusExcludeEachOther(t *testing.T) {
	binary := realserver.Find(t, "prometheus")
	config := writeFile(t, "prometheus.yml", "global: {}\n")
	prometheusOn := func(path string) func(string) *exec.Cmd {
		return func(address string) *exec.Cmd {
			return exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+path, "--storage.tsdb.use-lockfile", "--web.listen-address="+address)
		}
	}
	t.Run("Prometheus first", func(t *testing.T) {
		options := testOptions(t)
		realserver.Start(t, "/-/ready", prometheusOn(options.Storage.Path))
		_, err := Open(options)
		if err == nil {
			t.Fatal("opened")
		}
		if message := err.Error(); !strings.Contains(message, "is locked by another process") || strings.Contains(message, "\n") {
			t.Errorf("got %q", message)
		}
	})
	t.Run("node first", func(t *testing.T) {
		options := testOptions(t)
		node, err := Open(options)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		command := prometheusOn(options.Storage.Path)(realserver.FreeAddress(t))
		started := exec.CommandContext(ctx, command.Path, command.Args[1:]...)
		if out, err := started.CombinedOutput(); err == nil || !strings.Contains(string(out), "lock DB directory") {
			t.Errorf("Prometheus ended with %v\n%s", err, out)
		}
		if err := node.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenRefusesDamage(t *testing.T) {
	options := testOptions(t)
	// A file where the database wants a directory.
	if err := os.WriteFile(filepath.Join(options.Storage.Path, "wal"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(options)
	if err == nil {
		t.Fatal("opened")
	}
	if message := err.Error(); !strings.Contains(message, "repair or move") || strings.Contains(message, "\n") {
		t.Errorf("got %q", message)
	}
}

func TestOptionsCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"no path", func(o *Options) { o.Storage.Path = "" }, "--storage.path"},
		{"short retention", func(o *Options) { o.Storage.Retention = time.Minute }, "--storage.retention"},
		{"negative window", func(o *Options) { o.Storage.OutOfOrderWindow = -1 }, "--storage.out-of-order-window"},
		{"no timeout", func(o *Options) { o.Query.Timeout = 0 }, "--query.timeout"},
		{"no samples", func(o *Options) { o.Query.MaxSamples = 0 }, "--query.max-samples"},
		{"no queries", func(o *Options) { o.Query.MaxConcurrency = 0 }, "--query.max-concurrency"},
		{"no lookback", func(o *Options) { o.Query.LookbackDelta = 0 }, "--query.lookback-delta"},
		{"no write size", func(o *Options) { o.Receivers.MaxRequestBytes = 0 }, "--web.max-write-size"},
		{"huge write size", func(o *Options) { o.Receivers.MaxRequestBytes = MaxRequestLimit + 1 }, "--web.max-write-size"},
		{"no writes", func(o *Options) { o.Receivers.MaxConcurrency = 0 }, "--web.max-write-concurrency"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := testOptions(t)
			if err := options.Check(); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			test.change(&options)
			err := options.Check()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want the flag %s", err, test.want)
			}
		})
	}
}
