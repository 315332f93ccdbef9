package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		figures []float64
		want    float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{100, 2, 1, 4}, 3},
	} {
		if got := median(test.figures); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.figures, got, test.want)
		}
	}
}

// sample is a run with known medians.
func sample() Results {
	r := Results{}
	add := func(library string, row work.Row, figures ...float64) {
		r.Add(library, measure.Samples{row: figures})
	}
	add(rivals.NameMetertree, work.CounterBound, 5, 4, 3)
	add(rivals.NameAtomic, work.CounterBound, 8)
	add(rivals.NameClientGolang, work.CounterBound, 10)
	add("VictoriaMetrics", work.CounterBound, 12)
	add(rivals.NameMetertree, work.HistogramBound, 9)
	add(rivals.NameClientGolang, work.HistogramBound, 36)
	add("tally", work.HistogramBound, 6)
	add(Portable, work.CounterBound, 1)
	add(rivals.NameClientGolang, work.CounterDirect, 100)
	add(rivals.NameMetertree, work.CounterTyped, 29)
	add(rivals.NameMetertree, work.GaugeAdd, 6)
	return r
}

func TestRatio(t *testing.T) {
	for _, test := range []struct {
		name string
		row  work.Row
		to   Reference
		want float64
		ok   bool
	}{
		{"absolute", work.CounterBound, Reference{}, 4, true},
		{"to atomic", work.CounterBound, Reference{Library: rivals.NameAtomic}, .5, true},
		{"best leaves out atomic and the portable build", work.CounterBound, Reference{Library: Best}, .4, true},
		{"best leaves out who does less", work.HistogramBound, Reference{Library: Best}, .25, true},
		{"to another row", work.CounterTyped, Reference{Library: rivals.NameClientGolang, Row: work.CounterDirect}, .29, true},
		{"typed label sets to dynamic ones", work.CounterTyped, Reference{Library: Best}, .29, true},
		{"no rival", work.GaugeAdd, Reference{Library: Best}, 0, false},
		{"no figure of ours", work.GaugeSet, Reference{}, 0, false},
		{"no figure of the reference", work.CounterTyped, Reference{Library: "tally"}, 0, false},
	} {
		got, ok := sample().Ratio(rivals.NameMetertree, test.row, test.to)
		if got != test.want || ok != test.ok {
			t.Errorf("%s: ratio %v, %v, want %v, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

func TestJudge(t *testing.T) {
	atomic := Reference{Library: rivals.NameAtomic}
	for _, test := range []struct {
		row   work.Row
		limit float64
		want  Verdict
	}{
		{work.CounterBound, .55, Reached},
		{work.CounterBound, .5, Reached},
		{work.CounterBound, .49, Missed},
		{work.GaugeSet, 1, NoFigure},
	} {
		target := Target{Library: rivals.NameMetertree, Row: test.row, Limit: test.limit, To: atomic}
		if _, got := target.Judge(sample()); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.row, target, got, test.want)
		}
	}
}

func TestTargetsAreOfRowsInTheTable(t *testing.T) {
	var rows []work.Row
	sizes := Sizes{Growth: []int{10, 100}}
	for _, s := range Sections(sizes) {
		rows = append(rows, s.Rows...)
	}
	seen := map[string]bool{}
	for _, target := range append(Targets(sizes), PortableTargets()...) {
		if !slices.Contains(rows, target.Row) {
			t.Errorf("target %s of row %q, which no section shows", target, target.Row)
		}
		id := target.Library + "/" + string(target.Row)
		if seen[id] {
			t.Errorf("%s has two targets", id)
		}
		seen[id] = true
	}
}

func TestTable(t *testing.T) {
	section := Section{"Updates", []work.Row{work.CounterBound, work.HistogramBound, work.GaugeSet}}
	var got strings.Builder
	if err := sample().Table(section, Targets(Sizes{})).Write(&got); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
|                              | metertree   | atomic      | client_golang | VictoriaMetrics | tally         | ours / best rival  | ours / atomic | target          |               |
| ---------------------------- | ----------- | ----------- | ------------- | --------------- | ------------- | ------------------ | ------------- | --------------- | ------------- |
| counter, bound, 1 goroutine  | 4.00 (3.00) | 8.00 (8.00) | 10.0 (10.0)   | 12.0 (12.0)     | –             | 0.40 client_golang | 0.50          | ≤ 0.55 × atomic | 0.50, reached |
| histogram, bound, 1 goroutine | 9.00 (9.00) | –           | 36.0 (36.0)   | –               | 6.00 (6.00) * | 0.25 client_golang | 1.12          | ≤ 0.5 × best rival | 0.25, reached |
| gauge, bound, set            | –           | –           | –             | –               | –             | –                  | –             | ≤ 1 × best rival | no figure     |
`, "\n")
	if squeezed(got.String()) != squeezed(want) {
		t.Errorf("table is\n%s\nwant, spaces aside,\n%s", got.String(), want)
	}
	lengths := map[int]bool{}
	for line := range strings.Lines(got.String()) {
		lengths[len([]rune(line))] = true
	}
	if len(lengths) != 1 {
		t.Errorf("lines are of the lengths %v, want all alike", lengths)
	}
}

// squeezed takes out what only aligns.
func squeezed(table string) string {
	table = strings.ReplaceAll(table, "-", "")
	lines := strings.Split(table, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

func TestDocument(t *testing.T) {
	d := Document{
		Run: Run{
			CPU: "A Processor", Cores: 2, GOMAXPROCS: 2, Platform: "linux/amd64", Go: "go1.26.8",
			Date:     time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
			Modules:  []string{"example.com/rival v1.2.3"},
			Commands: []string{"make bench"},
		},
		Results: sample(),
		Sizes:   Sizes{Memory: 100_000, Exposition: 100_000, Latency: 1_000_000, Growth: []int{10_000, 1_000_000}},
		Method:  "5 rounds.",
	}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A Processor, 2 cores, GOMAXPROCS=2", "go1.26.8", "2026-11-20", "example.com/rival v1.2.3", "    make bench",
		"100,000 series", "1,000,000 series", "tally does less here", "text exposition, 10,000 counters",
		"≤ 1.3 × text exposition, 10,000 counters",
		"- metertree, gauge, bound, set: there is no figure to hold against ≤ 1 × best rival.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("document lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "- metertree, counter, bound, 1 goroutine:") {
		t.Error("document lists a target that is reached as not reached")
	}
}

func TestDocumentShowsTheRowsAskedFor(t *testing.T) {
	d := Document{Results: sample(), Rows: regexp.MustCompile("^counter, bound")}
	var b strings.Builder
	if err := d.WriteTables(&b); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"\n| counter, bound, 1 goroutine ": true, "gauge": false, "## Updates: nano": true, "## Memory": false, "## Portable": true,
	} {
		if strings.Contains(b.String(), text) != want {
			t.Errorf("tables have %q: %v, want %v:\n%s", text, !want, want, b.String())
		}
	}
}
