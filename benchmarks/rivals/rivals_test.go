package rivals

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/metertree/metertree/benchmarks/work"
)

func TestCasesCountEveryUpdate(t *testing.T) {
	const n = 2048
	eachCase(t, func(t *testing.T, row work.Row, newCase func() Case) {
		c := newCase()
		c.Run(n)
		c.Run(n / 2)
		if err := c.Check(n + n/2); err != nil {
			t.Errorf("after %d updates: %v", n+n/2, err)
		}
		short := newCase()
		short.Run(n)
		if short.Check(n+1) == nil {
			t.Errorf("a case that did %d updates passes for one with %d", n, n+1)
		}
	})
}

func TestCasesCountInParallel(t *testing.T) {
	const n, goroutines = 5_000, 4
	eachCase(t, func(t *testing.T, row work.Row, newCase func() Case) {
		if !row.Parallel() {
			return
		}
		c := newCase()
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() { c.Run(n) })
		}
		wg.Wait()
		if err := c.Check(n * goroutines); err != nil {
			t.Error(err)
		}
	})
}

func eachCase(t *testing.T, test func(*testing.T, work.Row, func() Case)) {
	for _, rival := range All() {
		for row, newCase := range rival.Updates {
			t.Run(rival.Name+"/"+string(row), func(t *testing.T) { test(t, row, newCase) })
		}
	}
}

func TestPopulationsCountEveryUpdate(t *testing.T) {
	sets := work.LabelSets(300)
	eachPopulation(t, func(t *testing.T, _ work.Kind, newPopulation func(int) Population) {
		p := newPopulation(len(sets))
		p.Fill(sets)
		p.Update(&sets[7])
		if err := p.Check(len(sets), len(sets)+1); err != nil {
			t.Error(err)
		}
		short := newPopulation(len(sets))
		short.Fill(sets)
		if short.Check(len(sets), len(sets)+1) == nil {
			t.Error("a population that misses an update passes")
		}
	})
}

func TestPopulationsCollect(t *testing.T) {
	eachPopulation(t, func(t *testing.T, _ work.Kind, newPopulation func(int) Population) {
		p := newPopulation(10)
		p.Fill(work.LabelSets(10))
		if p.Collect == nil {
			return
		}
		for range 2 {
			if err := p.Collect(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestExpositionsHoldEverySeries(t *testing.T) {
	sets := work.LabelSets(200)
	eachPopulation(t, func(t *testing.T, kind work.Kind, newPopulation func(int) Population) {
		p := newPopulation(len(sets))
		p.Fill(sets)
		for format, expose := range p.Expose {
			var exposition strings.Builder
			if err := expose(&exposition); err != nil {
				t.Fatal(err)
			}
			got, err := Series(format, kind, strings.NewReader(exposition.String()))
			if err != nil || got != len(sets) {
				t.Errorf("%s exposition holds %d series, %v, want %d:\n%.500s", format, got, err, len(sets), exposition.String())
			}
			if format != work.Text {
				continue
			}
			if got := seriesOf(t, strings.NewReader(exposition.String()), kind); got != len(sets) {
				t.Errorf("a parser finds %d series, want %d:\n%.500s", got, len(sets), exposition.String())
			}
		}
	})
}

func TestSeriesCountsThoseOfThePopulation(t *testing.T) {
	const text = "# TYPE requests_total counter\nrequests_total{a=\"b\"} 1\nrequests_total_more{a=\"b\"} 1\n"
	if got, err := Series(work.Text, work.Counters, strings.NewReader(text)); err != nil || got != 1 {
		t.Errorf("counted %d series, %v, want 1 of\n%s", got, err, text)
	}
	if _, err := Series(work.Protobuf, work.Counters, strings.NewReader(text)); err == nil {
		t.Error("text passes for protobuf")
	}
}

func TestHandlersAnswerWithEverySeries(t *testing.T) {
	sets := work.LabelSets(200)
	eachPopulation(t, func(t *testing.T, kind work.Kind, newPopulation func(int) Population) {
		p := newPopulation(len(sets))
		if p.Handler == nil {
			return
		}
		p.Fill(sets)
		recorder := httptest.NewRecorder()
		p.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		if got := seriesOf(t, recorder.Body, kind); recorder.Code != http.StatusOK || got != len(sets) {
			t.Errorf("answer %d holds %d series, want %d", recorder.Code, got, len(sets))
		}
	})
}

func TestReductionsCountEveryUpdate(t *testing.T) {
	sets := work.ReducedSets(300)
	for _, rival := range All() {
		for temporality, newPopulation := range rival.Reduced {
			t.Run(rival.Name+"/"+string(temporality), func(t *testing.T) {
				p := newPopulation(len(sets))
				p.Fill(sets)
				if err := p.Collect(); err != nil {
					t.Fatal(err)
				}
				p.Update(&sets[7])
				if p.Check(work.Groups, len(sets)+1) == nil {
					t.Error("an update that was not collected passes for one that was")
				}
				p.Fill(sets)
				if err := p.Collect(); err != nil {
					t.Fatal(err)
				}
				if err := p.Check(work.Groups, 2*len(sets)+1); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// seriesOf counts the series with a value of a name; a library that names no
// type has its histograms counted by their _count samples.
func seriesOf(t *testing.T, text io.Reader, kind work.Kind) int {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		t.Fatal(err)
	}
	name := map[work.Kind]string{work.Counters: counterName, work.Histograms: histogramName}[kind]
	if family := families[name]; family != nil {
		return len(family.GetMetric())
	}
	return len(families[name+"_count"].GetMetric())
}

func eachPopulation(t *testing.T, test func(*testing.T, work.Kind, func(int) Population)) {
	for _, rival := range All() {
		for kind, newPopulation := range rival.Populations {
			t.Run(rival.Name+"/"+string(kind), func(t *testing.T) { test(t, kind, newPopulation) })
		}
	}
}

func TestFind(t *testing.T) {
	for _, rival := range All() {
		if got, err := Find(rival.Name); err != nil || got.Name != rival.Name {
			t.Errorf("Find(%q) = %q, %v", rival.Name, got.Name, err)
		}
	}
	if _, err := Find("nobody"); err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("Find(nobody) = %v, want an error with the name", err)
	}
}
