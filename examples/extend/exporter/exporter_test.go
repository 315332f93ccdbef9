package exporter_test

import (
	"context"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/examples/extend/exporter"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

var update = flag.Bool("update", false, "write what is sent into testdata")

func newExporter(t *testing.T, options exporter.Options) *exporter.Exporter {
	t.Helper()
	e, err := exporter.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExporterKeepsTheContract(t *testing.T) {
	exporttest.Check(t, func(t *testing.T) exporttest.Subject {
		r := newReceiver(t)
		return exporttest.Subject{
			Exporter:  newExporter(t, exporter.Options{Address: r.address()}),
			Delivered: r.delivered,
			Break:     r.breaks,
			Stall:     r.stalls,
		}
	})
}

func TestGolden(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, families := range map[string]iter.Seq[*metric.Family]{
		"plain.txt": exporttest.Families(noon), "odd.txt": exporttest.OddFamilies(noon),
	} {
		r := newReceiver(t)
		e := newExporter(t, exporter.Options{Address: r.address(), Prefix: "prod."})
		if err := e.Export(t.Context(), &export.Batch{Start: noon.Add(-time.Minute), Time: noon, Families: families}); err != nil {
			t.Fatal(err)
		}
		file, got := filepath.Join("testdata", name), r.delivered()
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: sent\n%s\nwant\n%s\nif it is meant, run go test -update here", name, got, want)
		}
	}
}

// A receiver that goes away loses nothing: the attempt is repeated, and what
// failed for good is in the next batch.
func TestADeliveryIsRepeated(t *testing.T) {
	r := newReceiver(t)
	mend := r.breaks()
	e := newExporter(t, exporter.Options{Address: r.address(), Retry: export.Retry{Initial: time.Millisecond, Attempts: 3}})
	batch := &export.Batch{Time: time.Unix(1, 0), Families: exporttest.Families(time.Unix(1, 0))}
	if err := e.Export(t.Context(), batch); err == nil || !strings.Contains(err.Error(), r.address()) {
		t.Errorf("Export to a broken receiver: %v, want an error that names it", err)
	}
	if got := r.delivered(); got != "" {
		t.Errorf("a broken receiver has %q", got)
	}
	time.AfterFunc(20*time.Millisecond, mend)
	patient := newExporter(t, exporter.Options{Address: r.address(), Retry: export.Retry{Initial: time.Millisecond, Attempts: 1000}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := patient.Export(ctx, batch); err != nil {
		t.Errorf("Export to a receiver that comes back: %v", err)
	}
	if got := r.delivered(); !strings.Contains(got, "counter_int_total;l=ok;plain=1 1 1\n") {
		t.Errorf("delivered was\n%s", got)
	}
}

func TestInAProgram(t *testing.T) {
	r := newReceiver(t)
	address := r.address()
	ctx := t.Context()

	graphite, err := exporter.New(exporter.Options{Address: address, Prefix: "prod."})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := metertree.Start(ctx, metertree.Config{
		Listen:    metertree.NoListener,
		Exporters: []metertree.Exporter{{Name: "graphite", Exporter: graphite}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rt.Scope("app").Counter("calls_total", meter.Keys("operation")).Add(5, "get")
	if err := rt.Close(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
	if got := "\n" + r.delivered(); !strings.Contains(got, "\nprod.app_calls_total;operation=get 5 ") {
		t.Errorf("delivered was\n%s", got)
	}
}

func TestNewRejectsAnAddress(t *testing.T) {
	for _, address := range []string{"", "graphite", "a:b:c"} {
		if _, err := exporter.New(exporter.Options{Address: address}); err == nil || !strings.Contains(err.Error(), "graphite:2003") {
			t.Errorf("New with the address %q: %v", address, err)
		}
	}
}
