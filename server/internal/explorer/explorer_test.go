package explorer

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/metertree/metertree/tree"
)

const (
	requests = "m/context_http_requests_total"
	duration = "m/context_http_request_duration_seconds"
)

var (
	update = flag.Bool("update", false, "write the pictures of the documentation")
	live   = flag.String("live", "", "address, with path and query, of a running explorer to draw instead")
)

func made() service { return service{now: time.Now} }

// plotted says in JavaScript that the plot has lines and that pixels were drawn.
const plotted = `(() => {
	const c = document.querySelector('.u-wrap canvas');
	if (!c || !c.width) return false;
	const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
	let n = 0;
	for (let i = 3; i < d.length; i += 4) if (d[i] > 0) n++;
	return n > 2000;
})()`

func TestExpandByClicking(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			p := open(t, made(), 1280, 840, scheme)
			p.visit("/")
			p.shot("root-" + scheme)
			p.click("s/context_")
			p.click("s/context_http_")
			p.click(requests)
			p.click("a/context_http_requests_total/route")
			p.wait(row("m/context_http_requests_total/route/%2Fapi%2Fsearch") + ` !== null`)
			p.wait(`document.querySelectorAll('.branches tbody tr').length === 5`)
			p.wait(plotted)
			if got := p.text(`document.querySelector('.reconcile').textContent`); !strings.HasPrefix(got, "✓") {
				t.Errorf("branches do not add up: %q", got)
			}
			if got := p.text(row(requests) + `.querySelector('.value').textContent`); !strings.HasSuffix(got, "/s") {
				t.Errorf("a counter shows %q, not a rate", got)
			}
			p.shot("explorer-" + scheme)
		})
	}
}

func TestHistogramAndAddress(t *testing.T) {
	p := open(t, made(), 1600, 900, "light") // wide enough for a quantile beside the rate
	p.visit("/?at=" + duration + "&by=route&stat=0.99&open=s/context_&open=s/context_http_")
	p.wait(plotted)
	p.wait(row(duration) + `?.getAttribute('aria-selected') === 'true'`)
	if got := p.text(`document.querySelector('[data-stat="0.99"]').getAttribute('aria-pressed')`); got != "true" {
		t.Errorf("the quantile in the address is not chosen: aria-pressed=%s", got)
	}
	if got := p.text(`document.querySelector('.tiles').textContent`); !strings.Contains(got, "p99") {
		t.Errorf("the tiles read %q, without p99", got)
	}
	if got := p.text(row(duration) + `.innerText`); !strings.Contains(got, "p99") {
		t.Errorf("the row reads %q, without p99", got)
	}
	p.shot("histogram-light")
}

func TestKeyboard(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/")
	p.run(chromedp.Focus(`#tree [tabindex="0"]`, chromedp.ByQuery))
	focused := func(key string) {
		t.Helper()
		p.wait(`document.activeElement.dataset.key === '` + key + `'`)
	}
	focused("s/context_")
	p.keys(kb.ArrowRight)
	p.wait(row("s/context_http_") + ` !== null`)
	p.keys(kb.ArrowRight)
	focused("s/context_buffer_")
	p.keys(kb.ArrowDown)
	focused("s/context_http_")
	p.keys(kb.ArrowLeft)
	focused("s/context_")
	p.keys(kb.End)
	focused("m/up")
	p.keys(kb.Enter)
	p.wait(`document.querySelector('h1')?.textContent === 'up'`)
	p.keys(kb.Home)
	focused("s/context_")
	p.keys(kb.ArrowLeft)
	p.wait(row("s/context_") + `?.getAttribute('aria-expanded') === 'false'`)
	p.press("/")
	p.wait(`document.activeElement.id === 'filter'`)
	p.keys("h", "e", "a", "p")
	p.wait(`document.querySelectorAll('#tree [role=treeitem]').length === 1`)
	p.keys(kb.Enter)
	focused("m/go_gc_heap_live_bytes")
}

func TestRefreshKeepsTheTree(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=s/context_&open=s/context_http_&open=" + requests + "&open=a/context_http_requests_total/status&at=" + requests)
	branch := row("m/context_http_requests_total/status/2xx")
	p.wait(branch + ` !== null`)
	p.run(chromedp.Evaluate(branch+`.focus(); window.seen = `+branch+`; window.answers = 0;
		const f = window.fetch; window.fetch = (...a) => f(...a).then((r) => { if (String(a[0]).includes('/plot')) window.answers++; return r; });`, nil))
	p.wait(`window.answers > 0`) // the next refresh has come
	p.wait(`!document.querySelector('#detail').hasAttribute('aria-busy')`)
	for _, still := range []string{`window.seen === ` + branch, `document.activeElement === window.seen`} {
		if got := p.text(`String(` + still + `)`); got != "true" {
			t.Errorf("after a refresh %s is %s", still, got)
		}
	}
}

func TestNarrowWindow(t *testing.T) {
	p := open(t, made(), 420, 900, "light")
	p.visit("/?at=" + requests + "&open=s/context_&open=s/context_http_")
	p.wait(plotted)
	if got := p.text(`String(document.documentElement.scrollWidth <= innerWidth)`); got != "true" {
		t.Error("the page scrolls sideways in a narrow window")
	}
	p.wait(`document.querySelector('.side').getBoundingClientRect().bottom <= document.querySelector('#detail').getBoundingClientRect().top + 1`)
	p.shot("narrow-light")
	p.run(chromedp.Evaluate(`document.querySelector('.plot').scrollIntoView()`, nil))
	p.shot("narrow-plot")
}

func TestLabelValuesStayText(t *testing.T) {
	evil := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	s := made()
	s.extra = []tree.Sample{
		{Name: "evil_total", Value: 1, Labels: []tree.Label{{Name: "path", Value: evil}}},
		{Name: "evil_total", Value: 2, Labels: []tree.Label{{Name: "path", Value: `a/b?c=d&e="f"`}}},
		{Name: "evil_total", Value: 3, Labels: []tree.Label{{Name: "path", Value: strings.Repeat("long", 2000)}}},
		{Name: "evil_total", Value: 4},
	}
	p := open(t, s, 1280, 840, "light")
	p.visit("/?at=m/evil_total&open=m/evil_total&open=a/evil_total/path")
	p.wait(`[...document.querySelectorAll('.branches tbody th')].some((e) => e.textContent.includes('<img src=x'))`)
	p.wait(`[...document.querySelectorAll('#tree .name')].some((e) => e.textContent.startsWith('<img src=x'))`)
	p.wait(`[...document.querySelectorAll('#tree .name')].some((e) => e.textContent === '<unset>')`)
	p.shot("evil")
	p.run(chromedp.Evaluate(`[...document.querySelectorAll('.branches a')].find((e) => e.textContent.startsWith('<img')).click()`, nil))
	p.wait(`!!document.querySelector('.crumbs [aria-current]')?.textContent.includes('<img')`)
	if got := p.text(`document.title + document.querySelectorAll('img[src=x], #detail script').length`); !strings.HasSuffix(got, "metertree0") {
		t.Errorf("a label value became markup: %q", got)
	}
}

func TestErrorsAreShownWhereTheyHappen(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?at=m/no_such_metric")
	p.wait(`!!document.querySelector('#detail [role=alert]')?.textContent.includes('no such metric')`)
	p.wait(row("s/context_") + ` !== null`)
	p.shot("missing")
}

func TestBackAndForward(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=s/context_&open=s/context_http_")
	title := func(want string) {
		t.Helper()
		p.wait(`document.querySelector('h1')?.textContent === '` + want + `' && document.title.startsWith('` + want + `')`)
	}
	p.click(requests)
	title("context_http_requests_total")
	p.click(duration)
	title("context_http_request_duration_seconds")
	p.run(chromedp.NavigateBack())
	title("context_http_requests_total")
	p.wait(row(requests) + `?.getAttribute('aria-selected') === 'true'`)
	p.run(chromedp.NavigateForward())
	title("context_http_request_duration_seconds")
}

func TestPointingAtThePlot(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?at=" + requests + "&by=status")
	p.wait(plotted)
	var box []float64
	p.run(chromedp.Evaluate(`(() => { const r = document.querySelector('.u-over').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, &box))
	p.run(input.DispatchMouseEvent(input.MouseMoved, box[0], box[1]))
	p.wait(`document.querySelectorAll('.readout .entry').length === 4 && !document.querySelector('.readout').hidden`)
	p.shot("readout")
}

func TestServerGoesAway(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?at=" + requests)
	p.wait(plotted)
	p.server.CloseClientConnections()
	p.server.Close()
	p.wait(`document.querySelector('#status').textContent.includes('does not answer')`)
	p.wait(`document.querySelectorAll('.branches tbody tr').length === 3`) // the last answer stays
	p.shot("gone")
}

func TestEmptyStore(t *testing.T) {
	p := open(t, tree.NewSnapshotBuilder().Build(), 1280, 840, "dark")
	p.run(chromedp.Navigate(p.url))
	p.wait(`document.querySelector('#tree').textContent.includes('No metrics yet')`)
	p.shot("empty")
}

// TestPicture draws the picture for the README; with -update it is kept. Another
// server than the made-up one is drawn when -live gives its address.
func TestPicture(t *testing.T) {
	p := open(t, made(), 1280, 800, "light")
	path := "/?at=" + requests + "&by=route&open=s/context_&open=s/context_http_&open=" + requests + "&open=a/context_http_requests_total/route"
	if *live != "" {
		p.url, path = "", *live
	}
	p.visit(path)
	p.wait(plotted)
	picture := p.shot("explorer")
	if *update {
		png, err := os.ReadFile(picture)
		if err == nil {
			err = os.WriteFile("../../../docs/images/explorer.png", png, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
