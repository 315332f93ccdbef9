package collector_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/examples/extend/collector"
	"github.com/metertree/metertree/metertest"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
)

var update = flag.Bool("update", false, "rewrite the golden exposition")

// machine is a /proc under some load.
func machine() fstest.MapFS {
	return fstest.MapFS{
		"pressure/cpu":    {Data: []byte("some avg10=98.30 avg60=84.43 avg300=40.53 total=9054802052\n")},
		"pressure/memory": {Data: []byte("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")},
		"pressure/io":     {Data: []byte("some avg10=0.19 avg60=0.94 avg300=0.68 total=191961703\nfull avg10=0.00 avg60=0.00 avg300=0.04 total=57546384\n")},
	}
}

// collecting adds the collector to a refresher, so that every question asked of
// the metrics reads the source first.
func collecting(t *testing.T, proc fs.FS) *metertest.Metrics {
	t.Helper()
	m := metertest.New(t)
	refresher, err := collect.NewRefresher(collect.Options{Scope: m.Scope()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := refresher.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c, err := collector.New(m.Scope().Scope("pressure"), collector.Kernel{Proc: proc}.Stalls)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refresher.Add("pressure", c, collect.Schedule{TTL: -1}); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGolden(t *testing.T) {
	got := collecting(t, machine()).Exposition()
	if *update {
		if err := os.WriteFile("testdata/golden.txt", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	metertest.Equal(t, got, string(want))
}

func TestTotalsGoOnAfterAReboot(t *testing.T) {
	proc := machine()
	m := collecting(t, proc)
	cpu := func() float64 {
		return m.Counter("pressure_stalled_seconds_total", "component", "cpu", "level", "some")
	}
	before := cpu()
	proc["pressure/cpu"] = &fstest.MapFile{Data: []byte("some avg10=1.00 avg60=0.00 avg300=0.00 total=2000000\n")}
	if grown := cpu() - before; grown < 1.999 || grown > 2.001 {
		t.Errorf("after a restart of the machine and two seconds the counter grew by %v", grown)
	}
}

func TestAMachineThatCannotTellKeepsWhatWasTold(t *testing.T) {
	proc := machine()
	m := collecting(t, proc)
	m.Exposition()
	delete(proc, "pressure/io")
	if got := m.Gauge("pressure_stalled_ratio", "component", "cpu"); got < 0.98 || got > 0.99 {
		t.Errorf("the share of the processor became %v", got)
	}
	if got := m.Counter("metertree_collector_failures_total", "collector", "pressure", "reason", "error"); got == 0 {
		t.Error("the failure is not counted")
	}
}

func TestStallsFail(t *testing.T) {
	for name, test := range map[string]struct{ cpu, says string }{
		"no number":    {"some avg10=x avg60=0 avg300=0 total=1\n", `"avg10=x"`},
		"no total":     {"some avg10=1.00\n", "no total"},
		"odd total":    {"some avg10=1.00 total=1.5\n", `"total=1.5"`},
		"another file": {"0.31 0.28 0.30 2/301 4711\n", "/proc"},
	} {
		proc := machine()
		proc["pressure/cpu"] = &fstest.MapFile{Data: []byte(test.cpu)}
		if _, err := (collector.Kernel{Proc: proc}).Stalls(t.Context()); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, test.says)
		}
	}
	if _, err := (collector.Kernel{Proc: fstest.MapFS{}}).Stalls(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old kernel gives %v", err)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := (collector.Kernel{Proc: machine()}).Stalls(ctx); !errors.Is(err, gone) {
		t.Errorf("under an ended context: %v", err)
	}
}

func TestALaterKernelMayTellMore(t *testing.T) {
	proc := machine()
	proc["pressure/cpu"] = &fstest.MapFile{Data: []byte("some avg10=5.00 avg60=0.00 avg300=0.00 avg900=0.00 total=7\n")}
	stalls, err := collector.Kernel{Proc: proc}.Stalls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (collector.Stall{Resource: "cpu", Who: "some", Share: 0.05, Total: 7 * time.Microsecond}); stalls[0] != want {
		t.Errorf("%+v, want %+v", stalls[0], want)
	}
}

// TestNames holds the metrics to the naming rules and the label lists, as a
// program's Config.Admission does.
func TestNames(t *testing.T) {
	linter, err := naming.New(naming.Options{Labels: policy.DefaultLabels()})
	if err != nil {
		t.Fatal(err)
	}
	var metrics []naming.Metric
	for d := range collecting(t, machine()).Registry().Declarations() {
		if strings.HasPrefix(d.Name, "pressure_") {
			d.Name = "app_" + d.Name
			metrics = append(metrics, naming.Of(d))
		}
	}
	if len(metrics) != 2 {
		t.Fatalf("%d metrics are defined", len(metrics))
	}
	for _, finding := range linter.Lint(metrics) {
		t.Error(finding)
	}
}
