package measure

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

func TestScrapesTakeEachCodingThatThereIs(t *testing.T) {
	const times = 2
	for _, test := range []struct {
		rival   rivals.Rival
		codings []work.Coding
	}{
		{rivals.Metertree(), work.Codings()},
		{rivals.ClientGolang(), work.Codings()},
		{rivals.VictoriaMetrics(), []work.Coding{work.Plain}},
		{rivals.OpenTelemetry(), nil},
	} {
		samples, err := Scrapes(test.rival.Populations[work.Counters], Fetch, 500, times)
		if err != nil {
			t.Fatalf("%s: %v", test.rival.Name, err)
		}
		if want := 2 * len(test.codings); len(samples) != want {
			t.Errorf("%s: samples %v, want figures of %d rows", test.rival.Name, samples, want)
		}
		for _, c := range test.codings {
			want := map[work.Coding]int{work.Plain: times, work.Gzip: 1}[c]
			if got := samples[work.Scrape(c)]; len(got) != want || slices.Min(got) <= 0 {
				t.Errorf("%s: figures %v of %s, want %d above zero", test.rival.Name, got, work.Scrape(c), want)
			}
			if got := samples[work.ScrapeHeap(c)]; len(got) != 1 {
				t.Errorf("%s: figures %v of %s, want one", test.rival.Name, got, work.ScrapeHeap(c))
			}
		}
	}
}

func TestHeapGrowthIsSeen(t *testing.T) {
	const grown = 8 << 20
	var kept []byte
	h := &weighing{next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { kept = make([]byte, grown) })}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	got := h.take()
	if len(got) != 1 || got[0] < grown/1e6 || got[0] > 1.5*grown/1e6 {
		t.Errorf("measured growth %v MB, want one figure of about %v", got, grown/1e6)
	}
	if len(kept) != grown || len(h.take()) != 0 {
		t.Errorf("kept %d bytes, want %d, and no figure twice", len(kept), grown)
	}
}

func TestFetchRejectsWhatIsNotTheWholeAnswer(t *testing.T) {
	asked := 0
	answers := map[string]http.HandlerFunc{
		"holds too few series": func(w http.ResponseWriter, _ *http.Request) { writeSeries(w, 2) },
		"has an error":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"has another coding": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			writeSeries(w, 3)
		},
		"becomes shorter": func(w http.ResponseWriter, _ *http.Request) {
			asked++
			writeSeries(w, 4-asked)
		},
	}
	for name, answer := range answers {
		server := httptest.NewServer(answer)
		samples, err := Fetch(server.URL, work.Plain, 3, 2)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), server.URL) {
			t.Errorf("an answer that %s: %v, %v, want an error that names %s", name, samples, err, server.URL)
		}
	}
}

func writeSeries(w http.ResponseWriter, n int) {
	for i := range n {
		fmt.Fprintf(w, "requests_total{shard=\"%d\"} 1\n", i)
	}
}
