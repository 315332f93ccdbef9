package worker

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// serveVariable makes the test's own binary a worker.
const serveVariable = "BENCHMARKS_SERVE_TASKS"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	if err := Serve(os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
}

func startSelf(t *testing.T, procs int) *Process {
	t.Helper()
	t.Setenv(serveVariable, "1")
	p, err := Start(t.Context(), procs, os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProcessDoesTasks(t *testing.T) {
	p := startSelf(t, 3)
	samples, err := p.Do(Task{Method: Updates, Library: rivals.NameAtomic, Row: work.CounterBound, Lasting: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got := samples[work.CounterBound]; len(got) == 0 || slices.Min(got) <= 0 {
		t.Errorf("figures %v, want some above zero", got)
	}
	samples, err = p.Do(Task{Method: Cold, Library: rivals.NameMetertree, Kind: work.Counters, Series: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got := samples[work.Memory(work.Counters, 3)]; len(got) != 1 {
		t.Errorf("samples %v, want a figure of memory with GOMAXPROCS=3", samples)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestScrapesAreFetchedByAnotherProcess(t *testing.T) {
	p := startSelf(t, 0)
	samples, err := p.Do(Task{Method: Scrapes, Library: rivals.NameMetertree, Kind: work.Counters, Series: 100, Times: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range work.Codings() {
		if got := samples[work.Scrape(c)]; len(got) == 0 || slices.Min(got) <= 0 {
			t.Errorf("%s: figures %v, want some above zero", work.Scrape(c), got)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestProcessReportsErrors(t *testing.T) {
	p := startSelf(t, 0)
	for _, test := range []struct {
		task Task
		want string
	}{
		{Task{Method: Updates, Library: "nobody"}, `"nobody"`},
		{Task{Method: Fetch, URL: "http://127.0.0.1:0", Coding: work.Plain, Series: 1, Times: 1}, "127.0.0.1:0"},
		{Task{Method: "guess", Library: rivals.NameMetertree, Kind: work.Counters}, `"guess"`},
	} {
		if _, err := p.Do(test.task); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want one with %s", test.task, err, test.want)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestNothingToMeasureIsNoError(t *testing.T) {
	for _, task := range []Task{
		{Method: Updates, Library: rivals.NameAtomic, Row: work.ExponentialBound},
		{Method: Cold, Library: rivals.NameAtomic, Kind: work.Counters, Series: 10},
		{Method: Exposition, Library: "tally", Kind: work.Counters, Format: work.Text, Series: 10, Times: 1},
		{Method: Exposition, Library: "VictoriaMetrics", Kind: work.Counters, Format: work.Protobuf, Series: 10, Times: 1},
		{Method: Growth, Library: "tally", Kind: work.Counters, Series: 10, Times: 1},
		{Method: Reduction, Library: rivals.NameClientGolang, Temporality: work.Totals, Series: 100, Times: 1},
		{Method: Scrapes, Library: "tally", Kind: work.Counters, Series: 10, Times: 1},
		{Method: Latency, Library: "tally", Kind: work.Counters, Series: 10, Times: 1},
	} {
		if samples, err := task.Run(); err != nil || len(samples) != 0 {
			t.Errorf("%+v: %v, %v, want no samples and no error", task, samples, err)
		}
	}
}

func TestStartReportsAMissingProgram(t *testing.T) {
	if _, err := Start(t.Context(), 0, "./no-such-program"); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("error %v, want one with the program's name", err)
	}
}
