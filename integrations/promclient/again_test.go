package promclient_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"github.com/metertree/metertree/integrations/promclient"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// importing is an import of expositions that a test writes, with its log.
type importing struct {
	*promclient.Importer
	registry *registry.Registry
	now      string
	log      bytes.Buffer
}

func newImporting(t *testing.T, r *registry.Registry) *importing {
	t.Helper()
	i := &importing{registry: r}
	g := gathered(func() ([]*dto.MetricFamily, error) { return parse(t, i.now), nil })
	var err error
	i.Importer, err = promclient.Import(r, g, promclient.ImportOptions{Logger: slog.New(slog.NewTextHandler(&i.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// expect fails unless the registry shows the given text when the gatherer has one.
func (i *importing) expect(t *testing.T, gathers, shows string) {
	t.Helper()
	i.now = gathers
	if got := ourText(t, i.registry); got != shows {
		t.Errorf("got:\n%s\nwant:\n%s", got, shows)
	}
}

func (i *importing) logged(t *testing.T, lines int, parts ...string) {
	t.Helper()
	if got := strings.Count(i.log.String(), "\n"); got != lines {
		t.Errorf("%d lines are logged, want %d:\n%s", got, lines, &i.log)
	}
	for _, part := range parts {
		if !strings.Contains(i.log.String(), part) {
			t.Errorf("the log lacks %q:\n%s", part, &i.log)
		}
	}
}

const counted = "# TYPE a_total counter\na_total{host=\"x\"} %d\n# HELP b Depth.\n# TYPE b gauge\nb %d\n"

func TestImportAgain(t *testing.T) {
	r := registry.New(registry.Options{})
	for n := range 3 {
		i := newImporting(t, r)
		text := fmt.Sprintf(counted, n+1, n)
		i.expect(t, text, text)
		if err := i.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		i.expect(t, text, "")
		i.logged(t, 0)
	}
}

// Two imports of the same metrics would show each series twice.
func TestImportTwice(t *testing.T) {
	r := registry.New(registry.Options{})
	text := fmt.Sprintf(counted, 1, 2)
	one, two := newImporting(t, r), newImporting(t, r)
	two.now = text
	one.expect(t, text, text)
	one.expect(t, text, text)
	quiet, other := one, two
	if quiet.log.Len() > 0 { // whichever came first
		quiet, other = two, one
	}
	quiet.logged(t, 0)
	other.logged(t, 1, "another import", "a_total", "metrics=2")
	if err := quiet.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.expect(t, text, text)
}

func TestImportOfChangedHelp(t *testing.T) {
	i := newImporting(t, registry.New(registry.Options{}))
	text := "# HELP a_total %s\n# TYPE a_total counter\na_total{host=\"%s\"%s} 1\n"
	i.expect(t, fmt.Sprintf(text, "First.", "x", ""), fmt.Sprintf(text, "First.", "x", ""))
	i.expect(t, fmt.Sprintf(text, "Second.", "y", ""), fmt.Sprintf(text, "First.", "y", ""))
	i.expect(t, fmt.Sprintf(text, "Third.", "z", ",zone=\"1\""), fmt.Sprintf(text, "First.", "z", ",zone=\"1\""))
	i.logged(t, 0)
}

func TestImportOfChangedBounds(t *testing.T) {
	i := newImporting(t, registry.New(registry.Options{}))
	text := func(host, bound string) string {
		labels := fmt.Sprintf("host=%q", host)
		return fmt.Sprintf("h_bucket{%s,le=%q} 1\nh_bucket{%[1]s,le=\"+Inf\"} 3\nh_sum{%[1]s} 7\nh_count{%[1]s} 3\n", labels, bound)
	}
	head := "# TYPE h histogram\n"
	for _, series := range []string{
		text("x", "1"), text("x", "2"), text("x", "2") + text("y", "5"),
		strings.ReplaceAll(text("x", "9"), "host=\"x\"", "host=\"x\",zone=\"1\""),
	} {
		i.now = head + series
		if got := strings.ReplaceAll(ourText(t, i.registry), ",zone=\"\"", ""); got != i.now {
			t.Errorf("got:\n%s\nwant:\n%s", got, i.now)
		}
	}
	i.logged(t, 0)
}

// A metric keeps its kind, and is shown again when it has that.
func TestImportOfChangedKind(t *testing.T) {
	i := newImporting(t, registry.New(registry.Options{}))
	counter, gauge := "# TYPE a counter\na 1\n", "# TYPE a gauge\na 2\n"
	i.expect(t, counter, counter)
	for range 3 {
		i.expect(t, gauge, "")
	}
	i.expect(t, counter, counter)
	i.logged(t, 1, "metric a is a gauge now and was a counter")
}

// What the registry has itself is told in one line that names all.
func TestImportOfWhatIsOurs(t *testing.T) {
	g := prometheus.NewRegistry()
	g.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	r := registry.New(registry.Options{})
	i := newImporting(t, r)
	for _, f := range families {
		meter.New(r).Gauge(f.GetName()).Set(1)
	}
	i.now = theirText(t, g)
	for range 2 {
		ourText(t, r)
	}
	names := []string{"go_goroutines", "process_cpu_seconds_total", fmt.Sprintf("metrics=%d", len(families)), "the registry has metrics of these names itself"}
	i.logged(t, 1, names...)
	i.now += "# TYPE late counter\nlate 1\n"
	meter.New(r).Gauge("late").Set(1)
	ourText(t, r)
	i.logged(t, 2, "names=[late]")
}

func TestImportLogsSomeOfManyNames(t *testing.T) {
	r := registry.New(registry.Options{})
	i := newImporting(t, r)
	for n := range 80 {
		name := fmt.Sprintf("metric_%02d", n)
		meter.New(r).Gauge(name).Set(1)
		i.now += "# TYPE " + name + " gauge\n" + name + " 1\n"
	}
	ourText(t, r)
	i.logged(t, 1, "metrics=80", "metric_00", "metric_49", "and 30 more")
	if strings.Contains(i.log.String(), "metric_50") {
		t.Errorf("all names are logged:\n%s", &i.log)
	}
}

// What is remembered of a registry does not keep it.
func TestImportKeepsNoRegistry(t *testing.T) {
	abandoned := func() weak.Pointer[registry.Registry] {
		r := registry.New(registry.Options{})
		text := fmt.Sprintf(counted, 1, 2)
		newImporting(t, r).expect(t, text, text)
		return weak.Make(r)
	}
	r := abandoned()
	for range 3 {
		runtime.GC()
	}
	if r.Value() != nil {
		t.Error("the registry is kept")
	}
}

// Imports that begin and end beside collections show each series once, if at all.
func TestImportBesideOthers(t *testing.T) {
	r := registry.New(registry.Options{})
	text := fmt.Sprintf(counted, 1, 2)
	families := parse(t, text)
	g := gathered(func() ([]*dto.MetricFamily, error) { return families, nil })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				im, err := promclient.Import(r, g, promclient.ImportOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				if got := ourText(t, r); strings.Count(got, "a_total{") > 1 {
					t.Errorf("a series is shown twice:\n%s", got)
				}
				if err := im.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	i := newImporting(t, r)
	i.now = text
	if got := ourText(t, r); strings.Count(got, "a_total{") != 1 || strings.Count(got, "\nb ") != 1 {
		t.Errorf("in the end it shows\n%s", got)
	}
}
