package explorer

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

const address = `decodeURIComponent(location.search)`

// TestIncident walks from the page as it opens to the query of the branch that is
// to blame, as one does who was just called.
func TestIncident(t *testing.T) {
	p := open(t, made(), 1360, 860, "light")
	p.run(browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}).WithOrigin(p.url))
	p.visit("/")
	p.click("s/context_")
	p.title("context")
	p.wait(`document.querySelectorAll('.signal').length === 4`)
	p.expect(`document.querySelector('.signal.errors').textContent`, "%")
	p.tap(".signal.errors a", "http_error_ratio")
	p.title("context_http_error_ratio")
	p.wait(row(failures) + `?.getAttribute('aria-selected') === 'true'`) // the tree follows
	p.expect(`document.querySelector('.minor .change').className`, "worse")
	p.expect(`document.querySelector('.fraction').textContent`, "denominator")
	p.tap(".actions a", "Explain the change")
	p.wait(`document.querySelectorAll('.step').length >= 2`)
	p.expect(`document.querySelector('.step').textContent`, "region = euversion = 2")
	p.expect(`document.querySelector('[data-row=rest]').textContent`, "everything else")
	p.tap(".step .branchlink", "region = eu")
	p.wait(`document.querySelectorAll('.pill.where').length === 2 && ` + settled)
	p.expect(address, "node=m/context_http_error_ratio/region/eu/version/2")
	p.wait(plotted)
	if got := p.text(`document.activeElement.tagName`); got != "H1" {
		t.Errorf("after going to a branch the focus is on %s", got)
	}
	p.tap(".actions button", "Show query")
	p.wait(`document.querySelector('dialog[open] textarea') !== null`)
	p.expect(`document.querySelector('dialog[open] .moment').textContent`, "time=")
	p.tap("dialog[open] [data-copy]", "Copy")
	p.wait(`document.querySelector('dialog[open] [data-copy]').textContent === 'Copied'`)
	shown := p.text(`document.querySelector('dialog[open] textarea').value`)
	var copied string
	p.run(chromedp.Evaluate(`navigator.clipboard.readText()`, &copied, awaited))
	if copied != shown || !strings.Contains(copied, `region="eu"`) || !strings.Contains(copied, "context_http_requests_total") {
		t.Errorf("copied %q, shown %q", copied, shown)
	}
}

func TestExpandByClicking(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			p := open(t, made(), 1280, 840, scheme)
			p.visit("/")
			p.shot("root-" + scheme)
			p.click("s/context_")
			p.click("s/context_http_")
			p.click(requests)
			p.title("context_http_requests_total")
			p.tap("[data-axis]", "route")
			p.wait(`document.querySelectorAll('tbody tr').length === 6`) // the node and five routes
			p.wait(plotted)
			p.expect(`document.querySelector('.reconcile').textContent`, "✓ branches add up")
			p.expect(row(requests)+`.querySelector('.value').textContent`, "/s")
			p.expect(`document.querySelector('.facts').textContent`, "counter")
			if got := p.text(`String(document.querySelectorAll('.spark').length)`); got != "5" {
				t.Errorf("%s shapes", got)
			}
		})
	}
}

// TestOrderOfAxes: the same matchers in another order are the same node.
func TestOrderOfAxes(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	at := fmt.Sprint(time.Now().UnixMilli())
	walk := func(first, value, second, other string) string {
		p.visit("/?node=" + requests + "&by=" + first + "&at=" + at)
		p.tap("tbody th a", value)
		p.wait(`document.querySelectorAll('.pill.where').length === 1 && ` + settled)
		p.tap("[data-axis]", second)
		p.wait(`document.querySelector('caption')?.textContent === 'Branches by ` + second + `'`)
		p.tap("tbody th a", other)
		p.wait(`document.querySelectorAll('.pill.where').length === 2 && ` + settled)
		p.expect(address, "/"+first+"/"+value+"/"+second+"/"+other)
		return p.text(`document.querySelector('.hero .figure').textContent`)
	}
	one, two := walk("region", "eu", "version", "2"), walk("version", "2", "region", "eu")
	if one != two || one == "" {
		t.Errorf("%s by one way, %s by the other", one, two)
	}
	p.tap(".pill .remove", "×") // of version, which was walked first
	p.wait(`document.querySelectorAll('.pill.where').length === 1 && ` + settled)
	p.expect(address, "/region/eu&by=version")
}

func TestHistogram(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + duration + "&by=route&stat=0.99")
	p.wait(plotted)
	p.wait(row(duration) + `?.getAttribute('aria-selected') === 'true'`) // its scopes opened
	p.expect(`document.querySelector('.segment[aria-pressed=true]').textContent`, "p99")
	p.expect(`document.querySelector('.figures').textContent`, "p50")
	p.tap(".segment", "p90")
	p.wait(`location.search.includes('stat=0.9&')||location.search.endsWith('stat=0.9')`)
	p.tap(".actions button", "Show query")
	p.expect(`[...document.querySelectorAll('.query')].map((q) => q.textContent).join()`, "p99")
	p.expect(`document.querySelectorAll('.query textarea')[2].value`, "histogram_quantile(0.99")
}

func TestModesOfARatio(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + failures + "&by=region")
	column := func(name string) string {
		return p.text(`[...document.querySelectorAll('thead th')].map((e) => e.textContent).join()`) + p.text(`document.querySelector('.reconcile').textContent`) + name
	}
	if got := column(""); !strings.Contains(got, "Numerator") || !strings.Contains(got, "✓") {
		t.Errorf("within the group: %s", got)
	}
	p.tap(".segment", "share of whole")
	p.wait(`document.querySelector('.reconcile').textContent.includes('shares') && location.search.includes('mode=share')`)
	if got := column(""); !strings.Contains(got, "✓") {
		t.Errorf("shares: %s", got)
	}
}

// TestManyBranches: what is not shown is one line, and can be shown.
func TestManyBranches(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=m/context_cache_evictions_total")
	p.wait(`document.querySelector('caption')?.textContent === 'Branches by level'`) // not by the near-unique label
	p.expect(`document.querySelector('[data-axis=user_id]').textContent`, "340")
	p.expect(`document.querySelector('[data-axis=user_id]').textContent`, "near-unique")
	p.expect(`document.querySelector('[data-axis=user_id]').className`, "level-questioned")
	p.tap("[data-axis]", "user_id")
	p.wait(`document.querySelector('.shown')?.textContent.startsWith('20 of 340')`)
	p.expect(`document.querySelector('tr.other').textContent`, "other (320)")
	p.expect(`document.querySelector('.reconcile').textContent`, "✓")
	p.tap(".shown button", "show 100")
	p.wait(`document.querySelector('.shown')?.textContent.startsWith('100 of 340')`)
	p.expect(`document.querySelector('tr.other').textContent`, "other (240)")
}

func TestSortAndRank(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + requests + "&by=region")
	names := `[...document.querySelectorAll('tbody tr:not(.whole) th a')].map((e) => e.textContent).join()`
	p.wait(names + ` === 'eu,us,ap'`)
	p.tap(".sort", "Rate")
	p.tap(".sort", "Rate")
	p.wait(names + ` === 'ap,us,eu'`)
	p.expect(`document.querySelector('[aria-sort]').getAttribute('aria-sort')`, "ascending")
	p.expect(address, "sort=value")
	p.eval(`(() => { const s = document.querySelector('#rank'); s.value = 'value'; s.dispatchEvent(new Event('change', { bubbles: true })); })()`)
	p.wait(`document.querySelectorAll('.uneven').length >= 3 && location.search.includes('rank=value')`)
}

// TestCardinality: the picture leads to the label that makes the series.
func TestCardinality(t *testing.T) {
	p := open(t, made(), 1280, 840, "dark")
	p.visit("/?node=s/&view=cardinality")
	p.wait(`document.querySelector('progress').hidden && document.querySelector('.box.level-questioned') !== null`)
	p.expect(`document.querySelector('.verdict').textContent`, "context_cache_evictions_total")
	p.expect(`document.querySelector('.verdict').textContent`, "user_id")
	p.expect(`document.querySelector('.box.guilty.level-questioned').getAttribute('aria-label')`, "user_id, label, 340 values")
	p.tap(".alternative summary", "As a table")
	p.expect(`document.querySelector('.alternative tbody').innerText`, "context")
	p.tap(".box.level-questioned", "user_id")
	p.title("context_cache_evictions_total")
	p.wait(`document.querySelector('progress').hidden && document.querySelectorAll('.box').length > 2`)
	p.expect(address, "view=cardinality")
	p.expect(address, "by=user_id")
	p.run(chromedp.NavigateBack())
	p.title("All metrics")
}

func TestBackAndForward(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=context_&open=context_http_")
	p.click(requests)
	p.title("context_http_requests_total")
	p.click(duration)
	p.title("context_http_request_duration_seconds")
	p.run(chromedp.NavigateBack())
	p.title("context_http_requests_total")
	p.wait(row(requests) + `?.getAttribute('aria-selected') === 'true'`)
	p.run(chromedp.NavigateForward())
	p.title("context_http_request_duration_seconds")
}

// TestAddressHoldsAll changes everything there is to change, and opens the address
// that came of it.
func TestAddressHoldsAll(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + duration)
	choose := func(id, value string) {
		p.eval(fmt.Sprintf(`(() => { const s = document.querySelector('#%s'); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })); })()`, id, value))
		p.wait(settled)
	}
	p.tap("[data-axis]", "region")
	p.wait(`document.querySelector('caption')?.textContent === 'Branches by region'`)
	p.tap(".segment", "p95")
	choose("window", "1h")
	choose("baseline", "24h")
	p.tap("#pin", "Pin time")
	p.wait(`!document.querySelector('#moment').hidden && ` + settled)
	p.tap(".sort", "Series")
	p.wait(`location.search.includes('sort=-series')`)
	p.wait(plotted)
	shown := `[document.querySelector('.hero .figure').textContent, document.querySelector('#window').value, document.querySelector('#baseline').value, document.querySelector('#moment').value, ` +
		`document.querySelector('.segment[aria-pressed=true]').textContent, document.querySelector('tbody').innerText, document.querySelector('caption').textContent].join('|')`
	before := p.text(shown)
	p.visit("/" + p.text(`location.search`))
	p.wait(plotted)
	if after := p.text(shown); after != before {
		t.Errorf("the address gives\n%s\nin place of\n%s", after, before)
	}
	p.tap("#pin", "Back to now")
	p.wait(`document.querySelector('#moment').hidden && !/[?&]at=/.test(location.search)`)
}

func TestPointingAtThePlot(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?node=" + requests + "&by=status")
	p.wait(plotted)
	var box []float64
	p.run(chromedp.Evaluate(`(() => { const r = document.querySelector('.u-over').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, &box))
	p.run(moveTo(box[0], box[1]))
	p.wait(`document.querySelectorAll('.readout .entry').length === 4 && !document.querySelector('.readout').hidden`)
	p.run(chromedp.MouseClickXY(box[0], box[1]))
	p.wait(`/[?&]at=\d+/.test(location.search) && !document.querySelector('#moment').hidden`)
}

// TestBelowAPath: the page works wherever it is mounted.
func TestBelowAPath(t *testing.T) {
	inner := http.NewServeMux()
	Mount(inner, made())
	mux := http.NewServeMux()
	mux.Handle("/tree/", http.StripPrefix("/tree", inner))
	p := openHandler(t, mux, 1280, 840, "light")
	p.visit("/tree/?node=" + url.QueryEscape(requests))
	p.wait(plotted)
	p.tap(".pill a", "All metrics")
	p.title("All metrics")
	p.expect(`location.pathname`, "/tree/")
}
