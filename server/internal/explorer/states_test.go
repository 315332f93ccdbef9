package explorer

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
)

// failing answers requests for a path with an error.
func failing(path string, status int, text string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error": %q}`, text)
		return true
	}
}

// held keeps requests that contain a part back until it is released, or their
// asker gives up.
type held struct {
	sync.Mutex
	release chan struct{}
	gone    int
}

func (h *held) hold(part string) func(http.ResponseWriter, *http.Request) bool {
	h.release = make(chan struct{})
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.String(), part) {
			select {
			case <-h.release:
			case <-r.Context().Done():
				h.Lock()
				h.gone++
				h.Unlock()
			}
		}
		return false
	}
}

func TestGoneNode(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=m/no_such_metric/region/eu")
	p.expect(`document.querySelector('#detail [role=alert]').textContent`, "no such metric")
	p.expect(`document.querySelector('#detail').textContent`, "region = eu")
	p.shot("gone-node")
	p.tap(".trouble a", "All metrics")
	p.title("All metrics")
	p.visit("/?node=" + requests + "/region/mars")
	p.expect(`document.querySelector('#detail [role=alert]').textContent`, "stopped reporting")
	p.tap("#detail [role=alert] a", "Back to the metric")
	p.title("context_http_requests_total")
	p.visit("/?node=s/nothing_")
	p.expect(`document.querySelector('#detail [role=alert]').textContent`, "nothing_")
}

// TestPartsFailAlone: what cannot be read says so where it would be, and the rest
// is there.
func TestPartsFailAlone(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.answer(failing("/api/v1/tree/split", 503, "the store is on fire"))
	p.visit("/?node=" + requests + "&by=region")
	p.wait(plotted)
	p.expect(`document.querySelector('.card [role=alert]').textContent`, "the store is on fire")
	p.answer(nil)
	p.tap(".card [data-retry]", "Try again")
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	p.answer(failing("/api/v1/tree/plot", 501, "one instant only: no history"))
	p.visit("/?node=" + requests + "&by=region")
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	p.expect(`document.querySelector('.plotnote').textContent`, "no history")
	p.answer(failing("/api/v1/tree/explain", 504, "it took too long"))
	p.visit("/?node=" + requests + "&view=explain")
	p.wait(`document.querySelector('.explain [role=alert]')?.textContent.includes('took too long')`)
	p.answer(failing("/api/v1/tree/values", 503, "no values today"))
	p.visit("/?open=context_")
	p.wait(row("m/context_queue_depth") + `?.querySelector('.value').textContent === 'error'`)
	p.expect(row("m/context_queue_depth")+`.getAttribute('aria-label')`, "no values today")
}

func TestScopeFails(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/")
	p.answer(failing("/api/v1/tree", 503, "no names today"))
	p.eval(row("s/go_") + `.querySelector('.chevron').click()`)
	p.wait(`document.querySelector('#tree [role=alert]')?.textContent === 'no names today'`)
	p.answer(nil)
	p.tap("#tree [data-reload]", "Retry")
	p.wait(row("m/go_goroutines") + ` !== null`)
}

// TestServerGoesAway: the last answer stays and is marked, until there is another.
func TestServerGoesAway(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + requests + "&by=status")
	p.wait(plotted)
	p.answer(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	p.wait(`document.querySelector('#reason').textContent.includes('Not up to date since') && document.body.classList.contains('stale')`)
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	p.shot("stale")
	p.answer(nil)
	p.tap("#again", "Retry")
	p.wait(`document.querySelector('#reason').textContent === '' && !document.body.classList.contains('stale')`)
}

// TestLateAnswersAreDropped: what was asked before gives way to what is asked now.
func TestLateAnswersAreDropped(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=context_&open=context_http_")
	var h held
	p.answer(h.hold("tree/metric?metric=context_http_request_duration_seconds"))
	p.click(duration)
	p.wait(`document.querySelector('#detail').getAttribute('aria-busy') === 'true'`)
	p.click(requests)
	p.title("context_http_requests_total")
	p.wait(plotted)
	close(h.release)
	p.wait(`(performance.getEntriesByType('resource').length > 0)`)
	p.expect(`document.querySelector('h1').textContent`, "context_http_requests_total")
	h.Lock()
	defer h.Unlock()
	if h.gone == 0 {
		t.Error("the request that nobody waits for was not given up")
	}
}

// TestExplainingTakesTime: it shows that it works, and can be left.
func TestExplainingTakesTime(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + failures)
	var h held
	p.answer(h.hold("tree/explain"))
	defer close(h.release)
	p.tap(".actions a", "Explain")
	p.wait(`document.querySelector('.working progress') !== null`)
	p.shot("explaining")
	p.tap(".working button", "Cancel")
	p.wait(plotted)
	p.expect(address, "node="+failures)
	if got := p.text(`location.search`); strings.Contains(got, "explain") {
		t.Errorf("after cancelling the address is %s", got)
	}
}

func TestLoading(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=context_")
	var h held
	p.answer(h.hold("tree?scope=go_"))
	p.eval(row("s/go_") + `.querySelector('.chevron').click()`)
	p.wait(`document.querySelector('#tree .note')?.textContent === 'Loading …'`)
	close(h.release)
	p.wait(row("m/go_goroutines") + ` !== null`)
}

func TestEmptyStore(t *testing.T) {
	p := open(t, tree.NewSnapshotBuilder().Build(), 1280, 840, "dark")
	p.run(navigate(p.url))
	p.wait(`document.querySelector('#tree').textContent.includes('No metrics yet')`)
	p.wait(`document.querySelector('#detail').textContent.includes('Nothing here yet')`)
	p.shot("empty")
}

// TestComparingWithNothing: there is no change where nothing is compared.
func TestComparingWithNothing(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + requests + "&by=region&baseline=none")
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	if got := p.text(`[...document.querySelectorAll('thead th, .figures')].map((e) => e.textContent).join()`); strings.Contains(got, "Change") || strings.Contains(got, "before") {
		t.Errorf("without a comparison the page tells a change: %s", got)
	}
}

// TestWithoutPast: an exposition has totals, and says why there is no more.
func TestWithoutPast(t *testing.T) {
	p := open(t, made().at(time.Now()).Snapshot, 1280, 840, "light")
	p.visit("/?node=" + requests + "&by=region")
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	p.expect(`document.querySelector('.figures').textContent`, "since the start")
	p.expect(`document.querySelector('.plotnote').textContent`, "no history")
	p.expect(`document.querySelector('.reconcile').textContent`, "✓")
	if got := p.text(`String(document.querySelector('.warnings') === null && document.querySelector('[data-query]') === null)`); got != "true" {
		t.Error("there are warnings, or queries, where there can be none")
	}
	p.expect(`document.querySelector('.head > .label').textContent`, "no comparison")
	p.visit("/?node=" + requests + "&baseline=1h") // asked for, it is a warning
	p.expect(`document.querySelector('.warnings').textContent`, "no comparison with 1h ago")
	p.visit("/?node=" + requests + "&view=explain")
	p.wait(`document.querySelector('.explain [role=alert]')?.textContent.includes('no history')`)
}

func TestNotices(t *testing.T) {
	s := made()
	s.notices = []string{"only the first <b>50,000</b> series are shown"}
	p := open(t, s, 1280, 840, "light")
	p.visit("/?node=" + requests)
	p.wait(`document.querySelector('#notices').textContent === 'only the first <b>50,000</b> series are shown'`)
}

// TestWarnings: what is wrong with a number is said beside it, everywhere.
func TestWarnings(t *testing.T) {
	s := made()
	for i, bounds := range [][]string{{"0.1", "+Inf"}, {"0.3", "+Inf"}} {
		for _, le := range bounds {
			s.extra = append(s.extra, labelled("unlike_seconds_bucket", 5, "host", fmt.Sprint(i), "le", le))
		}
		s.extra = append(s.extra, labelled("unlike_seconds_count", 5, "host", fmt.Sprint(i)), labelled("unlike_seconds_sum", 5, "host", fmt.Sprint(i)))
	}
	p := open(t, s, 1280, 840, "light")
	p.visit("/?node=m/unlike_seconds")
	p.expect(`document.querySelector('.warnings').textContent`, "unlike buckets")
	p.wait(row("m/unlike_seconds") + `?.querySelector('.warn') !== null`)
	p.expect(row("m/unlike_seconds")+`.getAttribute('aria-label')`, "1 warning")
}

// TestOnlyWhatIsInSightIsRead counts the names whose values are asked for.
func TestOnlyWhatIsInSightIsRead(t *testing.T) {
	s := made()
	for i := range 400 {
		s.extra = append(s.extra, sample{Name: fmt.Sprintf("many_things_%04d", i), Value: 1})
	}
	p := open(t, s, 1280, 840, "light")
	var mu sync.Mutex
	names := make(map[string]bool)
	p.answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/values") {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range r.URL.Query()["metric"] {
				names[n] = true
			}
		}
		return false
	})
	p.visit("/?open=many_&open=many_things_")
	p.wait(row("m/many_things_0003") + `?.querySelector('.value').textContent === '1'`)
	mu.Lock()
	first := len(names)
	mu.Unlock()
	if first == 0 || first > 100 {
		t.Errorf("%d of 400 values were read at first", first)
	}
	p.eval(`document.querySelector('#tree').scrollTop = 1e6`)
	p.wait(row("m/many_things_0399") + `?.querySelector('.value').textContent === '1'`)
}
