package servers

import (
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/work"
)

func someResults() report.Results {
	return report.Results{
		Metertree:       {WriteRate: {100, 300, 200}, WriteCPU: {2}, OTLPRate: {50}},
		Prometheus:      {WriteRate: {190}, WriteCPU: {2.1}, OTLPRate: {40}},
		VictoriaMetrics: {WriteRate: {800}, WriteCPU: {1}},
	}
}

func TestTable(t *testing.T) {
	s := Section{Rows: []work.Row{WriteRate, WriteCPU, OTLPRate}}
	got := table(s, All(Binaries{}), someResults())
	want := [][]string{
		{"", Metertree, Prometheus, VictoriaMetrics, "metertree ÷ Prometheus", "metertree ÷ VictoriaMetrics"},
		{string(WriteRate), "200 (300)", "190", "800", "1.05", "0.25"},
		{string(WriteCPU), "2.00", "2.10", "1.00", "0.95", "2.00"},
		{string(OTLPRate), "50.0", "40.0", nothing, "1.25", nothing},
	}
	for i, line := range append([][]string{got.Head}, got.Lines...) {
		if !slices.Equal(line, want[i]) {
			t.Errorf("line %d is %q, want %q", i, line, want[i])
		}
	}
}

func TestVerdicts(t *testing.T) {
	s := Section{
		Judged:  []work.Row{WriteRate, WriteCPU, OTLPRate, OTLPCPU},
		Reasons: map[string]string{VictoriaMetrics: "it is another storage.", Prometheus: "never."},
	}
	got := verdicts(s, All(Binaries{}), someResults())
	want := []string{
		"Samples taken by remote write per second: best is VictoriaMetrics with 800; metertree has 200, behind VictoriaMetrics.",
		"CPU seconds per million samples by remote write: best is VictoriaMetrics with 1.00; metertree has 2.00, behind VictoriaMetrics.",
		"Points taken by OTLP per second: best is metertree with 50.0.",
		"Where VictoriaMetrics is ahead: it is another storage.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("verdicts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestManyRowsAreTallied(t *testing.T) {
	s := Section{Judged: []work.Row{WriteRate, WriteCPU, OTLPRate, OTLPCPU, WriteDisk}, Reasons: map[string]string{VictoriaMetrics: "so."}}
	got := verdicts(s, All(Binaries{}), someResults())
	want := []string{
		"Beside Prometheus, metertree is ahead in 1 of 3 rows, behind in 0, and within 10 % in 2.",
		"Beside VictoriaMetrics, metertree is ahead in 0 of 2 rows, behind in 2, and within 10 % in 0.",
		"Where VictoriaMetrics is ahead: so.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("verdicts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNearlyBestIsNoLoss(t *testing.T) {
	r := report.Results{Metertree: {WriteCPU: {2}}, Prometheus: {WriteCPU: {1.95}}}
	line, ahead := verdict(WriteCPU, All(Binaries{}), r)
	if len(ahead) != 0 || !strings.Contains(line, "within 10 %") {
		t.Errorf("%q, ahead %v", line, ahead)
	}
}

func TestMoreIsBetter(t *testing.T) {
	for row, want := range map[work.Row]bool{
		FasterRate(1e5): true, FasterCores(1e5): false, ScrapeRate: true, ScrapeCPU: false, BinarySize: false, "of": false,
	} {
		if moreIsBetter(row) != want {
			t.Errorf("%s: %v, want %v", row, !want, want)
		}
	}
}

// No row appears twice, as figures are kept by it, and every judged one is
// shown.
func TestSections(t *testing.T) {
	seen := map[work.Row]bool{}
	for _, s := range Sections(FullPlan()) {
		for _, row := range s.Rows {
			if seen[row] {
				t.Errorf("row %s appears twice", row)
			}
			seen[row] = true
		}
		for _, row := range s.Judged {
			if !slices.Contains(s.Rows, row) {
				t.Errorf("section %s judges %s, which it does not show", s.Title, row)
			}
		}
	}
}

func TestDocument(t *testing.T) {
	d := Document{
		Run:  report.Run{CPU: "some processor", Cores: 2, Commands: []string{"make bench-server"}},
		Plan: FullPlan(), Servers: All(Binaries{}), Results: report.Results{},
	}
	d.Servers[0].Version = "this one"
	for _, s := range d.Servers {
		for _, section := range Sections(d.Plan) {
			for _, row := range section.Rows {
				d.Results.Add(s.Name, measure.Samples{row: {1}})
			}
		}
	}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"some processor", "    make bench-server\n", "metertree: this one", "share all cores", "## Queries", "| " + string(WriteDisk)} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the document lacks %q", want)
		}
	}
	if strings.Contains(b.String(), " is ahead: ") {
		t.Error("nobody is ahead, and it says why")
	}
	d.Cores = Cores{load: []int{0}}
	if !strings.Contains(d.machine(), "one core") {
		t.Error("the document does not say that cores are divided")
	}
}

func TestQuantile(t *testing.T) {
	figures := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{.5: 3, .99: 5, .2: 1, 0: 1} {
		if got := quantile(figures, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}
