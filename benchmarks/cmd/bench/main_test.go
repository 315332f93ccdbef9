package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// TestMain lets the test's own binary be the program that the measurements
// start.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "-worker" {
		main()
		return
	}
	os.Exit(m.Run())
}

func tinyPlan() plan {
	return plan{
		updateRounds: 1, updateLasting: time.Millisecond,
		coldRounds: 1, coldSeries: 200,
		expositionRounds: 1, expositionSeries: 200, expositionTimes: 1, growthSeries: []int{100, 200},
		reductionRounds: 1, reductionSeries: 200, reductionTimes: 1,
		pushRounds: 1, pushSeries: 200, pushTimes: 1,
		scrapeRounds: 1, scrapeSeries: 200, scrapeTimes: 1,
		latencyRounds: 1, latencySeries: 200, latencyTimes: 1, latencyLasting: time.Millisecond,
	}
}

func TestEveryLibraryIsMeasured(t *testing.T) {
	self := programs{normal: os.Args[0], portable: os.Args[0]}
	var said []string
	results, err := measureAll(t.Context(), tinyPlan(), self, func(line string) { said = append(said, line) })
	if err != nil {
		t.Fatal(err)
	}
	for _, rival := range rivals.All() {
		for row := range rival.Updates {
			if v, ok := results.Median(rival.Name, row); !ok || v <= 0 {
				t.Errorf("%s, %s: figure %v, %v, want one above zero", rival.Name, row, v, ok)
			}
		}
		for kind := range rival.Populations {
			for _, procs := range report.MemoryProcs() {
				if _, ok := results.Median(rival.Name, work.Memory(kind, procs)); !ok {
					t.Errorf("%s has no figure of %s", rival.Name, work.Memory(kind, procs))
				}
			}
			if got := len(results[rival.Name][work.Create(kind)]); got != 1 {
				t.Errorf("%s has %d figures of %s, want 1", rival.Name, got, work.Create(kind))
			}
		}
	}
	for _, section := range report.Sections(tinyPlan().sizes()) {
		for _, row := range section.Rows {
			if _, ok := results.Median(rivals.NameMetertree, row); !ok {
				t.Errorf("we have no figure of %s", row)
			}
		}
	}
	if _, ok := results.Median(report.Portable, work.CounterBound); !ok {
		t.Error("the portable build has no figure")
	}
	if len(said) == 0 || !strings.HasSuffix(said[len(said)-1], "done") {
		t.Errorf("progress said %q, want it to end with done", said)
	}
}

func TestOnlyTheRowsAskedForAreMeasured(t *testing.T) {
	self := programs{normal: os.Args[0], portable: os.Args[0]}
	for row, want := range map[work.Row][]work.Row{
		work.Middleware:            {work.Middleware, work.Middleware.Allocs()},
		work.Reduce(work.Deltas):   {work.Reduce(work.Deltas), work.Reduce(work.Deltas).Allocs(), work.ReduceUpdate(work.Deltas)},
		work.Create(work.Counters): coldRows(work.Counters),
	} {
		p := tinyPlan()
		p.rows = regexp.MustCompile(regexp.QuoteMeta(string(row)))
		results, err := measureAll(t.Context(), p, self, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Sorted(maps.Keys(results[rivals.NameMetertree]))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("asked for %s, measured %q, want %q", row, got, want)
		}
	}
}

func TestContendersTakeTurns(t *testing.T) {
	count := len(contenders(programs{}, 0))
	first := map[string]bool{}
	for round := range count {
		all := contenders(programs{}, round)
		first[all[0].column] = true
		seen := map[string]bool{}
		for _, c := range all {
			seen[c.column] = true
		}
		if len(seen) != count {
			t.Errorf("round %d has %d contenders, want %d", round, len(seen), count)
		}
	}
	if len(first) != count {
		t.Errorf("%d contenders come first in %d rounds, want each once", len(first), count)
	}
}

func TestPublishWritesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := publish(report.Document{Results: report.Results{}}, file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# Benchmarks\n") {
		t.Errorf("file begins with %.40q", text)
	}
	if err := publish(report.Document{Results: report.Results{}}, filepath.Join(file, "below")); err == nil {
		t.Error("a file below a file is no error")
	}
}

func TestModuleDirectoryHoldsThisModule(t *testing.T) {
	directory, err := moduleDirectory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "module "+modulePath) {
		t.Errorf("go.mod in %s is of another module:\n%s", directory, text)
	}
}
