package otlp_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/internal/realserver"
)

// realCollector is a real OpenTelemetry Collector that appends what it is given
// to a file before it answers.
type realCollector struct {
	process    *realserver.Process
	http, grpc string
	file       string
}

// startCollector starts one on addresses of its own.
func startCollector(t *testing.T) *realCollector {
	t.Helper()
	c := &realCollector{
		http: realserver.FreeAddress(t), grpc: realserver.FreeAddress(t),
		file: filepath.Join(t.TempDir(), "metrics.jsonl"),
	}
	c.start(t)
	return c
}

// start starts it, the first time or again, and waits until it listens.
func (c *realCollector) start(t *testing.T) {
	t.Helper()
	binary := collectorBinary(t)
	dir := t.TempDir()
	c.process = realserver.Start(t, "/", func(ready string) *exec.Cmd {
		config := filepath.Join(dir, "collector.yaml")
		text := fmt.Sprintf(collectorConfig, c.grpc, c.http, c.file, ready)
		if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return exec.Command(binary, "--config", "file:"+config)
	})
}

const collectorConfig = `
receivers:
  otlp:
    protocols:
      grpc: {endpoint: %q}
      http: {endpoint: %q}
exporters:
  jsonl: {path: %q}
extensions:
  ready: {endpoint: %q}
service:
  extensions: [ready]
  pipelines:
    metrics: {receivers: [otlp], exporters: [jsonl]}
`

// url is where it takes requests of a protocol.
func (c *realCollector) url(p otlp.Protocol) string {
	if p == otlp.GRPC {
		return "http://" + c.grpc
	}
	return "http://" + c.http
}

// taken returns all requests that it has taken.
func (c *realCollector) taken(t *testing.T) (requests []*collector.ExportMetricsServiceRequest) {
	t.Helper()
	text, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		request := &collector.ExportMetricsServiceRequest{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(lines.Bytes(), request); err != nil {
			t.Fatalf("line %d of what the collector wrote: %v\n%.200s", len(requests)+1, err, lines.Text())
		}
		unhex(request)
		requests = append(requests, request)
	}
	return requests
}

// unhex repairs identifiers, which OTLP writes in hexadecimal where JSON of
// protobuf has base64.
func unhex(request *collector.ExportMetricsServiceRequest) {
	repair := func(all []*pb.Exemplar) {
		for _, e := range all {
			for _, id := range []*[]byte{&e.TraceId, &e.SpanId} {
				if decoded, err := hex.DecodeString(base64.StdEncoding.EncodeToString(*id)); err == nil {
					*id = decoded
				}
			}
		}
	}
	for _, rm := range request.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				for _, p := range m.GetHistogram().GetDataPoints() {
					repair(p.GetExemplars())
				}
				for _, p := range m.GetExponentialHistogram().GetDataPoints() {
					repair(p.GetExemplars())
				}
			}
		}
	}
}

// collectorModule is the module of the collector, which has requirements of its
// own.
const collectorModule = "../internal/otelcol"

// collectorBinary builds the collector. Where its modules cannot be had the test
// is skipped, or fails where the environment says CI=true.
func collectorBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildCollector()
	if err == nil {
		return binary
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}

// buildCollector builds it once for each state of its sources; the binary stays
// in the user's cache.
var buildCollector = sync.OnceValues(func() (string, error) {
	key, err := hashOf(collectorModule)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "metertree-tests")
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	binary := filepath.Join(cache, "otelcol-"+key)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	fresh := fmt.Sprintf("%s.%d", binary, os.Getpid())
	build := exec.Command("go", "build", "-o", fresh, ".")
	build.Dir = collectorModule
	build.Env = append(os.Environ(), "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the OpenTelemetry Collector in %s: %w\n%s", collectorModule, err, output)
	}
	removeOld(filepath.Join(cache, "otelcol-*"))
	return binary, os.Rename(fresh, binary)
})

// removeOld removes binaries of states that nobody has used for a while.
func removeOld(pattern string) {
	// The pattern is a valid one, and what cannot be removed stays.
	old, _ := filepath.Glob(pattern)
	for _, file := range old {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > 7*24*time.Hour {
			_ = os.Remove(file)
		}
	}
}

// hashOf tells the states of a directory's files apart.
func hashOf(directory string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version())
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintln(hash, path, len(text))
		hash.Write(text)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
