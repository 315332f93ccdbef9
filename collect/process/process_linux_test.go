package process

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// shape prints what a collection gives, with values masked.
func shape(ctx context.Context, r *registry.Registry) string {
	var b strings.Builder
	for f := range r.Collect(ctx) {
		if !strings.HasPrefix(f.Descriptor.Name, "process_") {
			continue
		}
		for p := range f.Points {
			fmt.Fprintf(&b, "%s{%s} %s [%s] VALUE\n", f.Descriptor.Name, p.Labels, f.Descriptor.Kind, f.Descriptor.Help)
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	got := shape(t.Context(), registered(t))
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
}

func registered(t *testing.T) *registry.Registry {
	t.Helper()
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	return r
}

func collected(ctx context.Context, r *registry.Registry) map[string]float64 {
	values := map[string]float64{}
	for f := range r.Collect(ctx) {
		for p := range f.Points {
			values[f.Descriptor.Name] = p.Float
		}
	}
	return values
}

// spend uses CPU time until the process has spent more than it had.
func spend(t *testing.T) {
	t.Helper()
	before := read()[cpuSeconds].value
	deadline := time.Now().Add(20 * time.Second)
	for read()[cpuSeconds].value <= before {
		if time.Now().After(deadline) {
			t.Fatal("20 s of work cost no CPU time")
		}
	}
}

func TestValuesFollowTheProcess(t *testing.T) {
	r := registered(t)
	before := collected(t.Context(), r)
	const more = 7
	for i := range more {
		file, err := os.Create(filepath.Join(t.TempDir(), fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
	}
	spend(t)
	after := collected(t.Context(), r)

	if grew := after["process_open_fds"] - before["process_open_fds"]; grew != more {
		t.Errorf("process_open_fds grew by %v, want %d", grew, more)
	}
	if after["process_cpu_seconds_total"] <= before["process_cpu_seconds_total"] {
		t.Errorf("process_cpu_seconds_total went from %v to %v",
			before["process_cpu_seconds_total"], after["process_cpu_seconds_total"])
	}
	if open, limit := after["process_open_fds"], after["process_max_fds"]; open > limit {
		t.Errorf("%v open files, limit %v", open, limit)
	}
	resident, virtual := after["process_resident_memory_bytes"], after["process_virtual_memory_bytes"]
	if resident < 1<<20 || resident > virtual || virtual > after["process_virtual_memory_max_bytes"] {
		t.Errorf("resident %v, virtual %v, limit %v", resident, virtual, after["process_virtual_memory_max_bytes"])
	}
	started := time.UnixMilli(int64(after["process_start_time_seconds"] * 1000))
	if age := time.Since(started); age < -2*time.Second || age > time.Hour {
		t.Errorf("the test process started at %v", started)
	}
}

// Where the size of the directory says nothing, its entries are counted, and the
// two must agree.
func TestOpenFilesByListing(t *testing.T) {
	directory := t.TempDir()
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(directory, fmt.Sprint(i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if n, ok := countEntries(directory); n != 5 || !ok {
		t.Errorf("countEntries = %v, %v, want 5", n, ok)
	}
	if n, ok := countEntries(filepath.Join(directory, "none")); ok {
		t.Errorf("counted %v entries of a directory that does not exist", n)
	}
}

func TestParseStat(t *testing.T) {
	const stat = "42 (odd) name (x) S 1 42 42 0 -1 4194560 1 0 0 0 10 20 0 0 20 0 5 0 12345 8192000 200 18446744073709551615 1\n"
	const boot = "cpu 1 2 3\nbtime 1700000000\nprocesses 4\n"
	var s snapshot
	parseStat(&s, []byte(stat), []byte(boot))
	want := map[field]float64{
		virtualBytes: 8192000, residentBytes: 200 * float64(os.Getpagesize()), startTime: 1700000123.45,
	}
	for f := range fields {
		value, known := want[f]
		if s[f].known != known || s[f].value != value {
			t.Errorf("field %d = %v, want %v, %v", f, s[f], value, known)
		}
	}
}

func TestParseNetstat(t *testing.T) {
	const netstat = "TcpExt: InOctets Other\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets InBcast\nIpExt: 0 123 456 7\n"
	var s snapshot
	parseNetstat(&s, []byte(netstat))
	if s[receivedBytes] != (reading{123, true}) || s[sentBytes] != (reading{456, true}) {
		t.Errorf("received %v, sent %v", s[receivedBytes], s[sentBytes])
	}
}

// What cannot be read is absent, not zero.
func TestUnreadableIsAbsent(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "short": "1 (x) S 1 2 3", "no parenthesis": "nothing", "letters": "1 (x)" + strings.Repeat(" x", 40),
		"negative": "1 (x)" + strings.Repeat(" -1", 40), "one line": "IpExt: InOctets", "few values": "IpExt: A InOctets\nIpExt: 1\n",
	} {
		var s snapshot
		parseStat(&s, []byte(text), []byte(text))
		parseNetstat(&s, []byte(text))
		if s != (snapshot{}) {
			t.Errorf("%s: read %v", name, s)
		}
	}
	r := registry.New(registry.Options{})
	if err := registerReading(meter.New(r), func() snapshot { return snapshot{} }); err != nil {
		t.Fatal(err)
	}
	if got := shape(t.Context(), r); got != "" {
		t.Errorf("exposed although unknown:\n%s", got)
	}
}

func TestRegisterTwiceFails(t *testing.T) {
	err := Register(meter.New(registered(t)))
	if err == nil || !strings.Contains(err.Error(), "process_cpu_seconds_total") {
		t.Errorf("err = %v, want one that names process_cpu_seconds_total", err)
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}
