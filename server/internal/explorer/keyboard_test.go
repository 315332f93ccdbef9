package explorer

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focused waits until the focus is on the tree's line with a key.
func (p *page) focused(key string) {
	p.t.Helper()
	p.wait(`document.activeElement.dataset.key === '` + key + `'`)
}

// tab presses the tabulator until a JavaScript condition on the focused element e
// holds.
func (p *page) tab(condition string) {
	p.t.Helper()
	for range 60 {
		p.keys(kb.Tab)
		if p.text(`String((() => { const e = document.activeElement; return `+condition+`; })())`) == "true" {
			return
		}
	}
	p.t.Fatalf("no way by the tabulator to where %s; it is on %s", condition, p.text(`document.activeElement.outerHTML.slice(0, 200)`))
}

func TestKeysInTheTree(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/")
	p.run(chromedp.Focus(`#tree [tabindex="0"]`, chromedp.ByQuery))
	p.focused("s/context_")
	p.keys(kb.ArrowRight)
	p.wait(row("s/context_http_") + ` !== null`)
	p.keys(kb.ArrowRight)
	p.focused("s/context_buffer_")
	p.keys(kb.ArrowDown)
	p.focused("s/context_cache_")
	p.keys(kb.ArrowLeft)
	p.focused("s/context_")
	p.keys(kb.End)
	p.focused("m/up")
	p.keys(kb.Enter)
	p.title("up")
	p.focused("m/up")
	p.keys(kb.Home)
	p.focused("s/context_")
	p.keys(kb.ArrowLeft)
	p.wait(row("s/context_") + `?.getAttribute('aria-expanded') === 'false'`)
	if got := p.text(`String(document.querySelectorAll('#tree [tabindex="0"]').length)`); got != "1" {
		t.Errorf("%s rows can be reached by the tabulator, not one", got)
	}
	p.press("/")
	p.wait(`document.activeElement.id === 'filter'`)
	p.keys("h", "e", "a", "p")
	p.wait(`document.querySelectorAll('#tree [data-metric]').length === 1 && location.search.includes('filter=heap')`)
	p.keys(kb.Enter)
	p.wait(`document.activeElement.getAttribute('role') === 'treeitem'`)
	p.press("/")
	p.keys(kb.Escape)
	p.wait(`document.querySelector('#filter').value === '' && ` + row("m/up") + ` !== null`)
	p.run(chromedp.Focus(`#tree [tabindex="0"]`, chromedp.ByQuery))
	p.press("q") // any letter filters
	p.wait(`document.activeElement.id === 'filter' && document.querySelector('#filter').value === 'q'`)
}

// TestKeyboardOnly goes from the tree to the branch that is to blame without a
// mouse.
func TestKeyboardOnly(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?open=context_&open=context_http_")
	p.tab(`e.id === 'skip'`)
	p.keys(kb.Enter)
	p.wait(`document.activeElement.tagName === 'H1'`)
	p.eval(`document.activeElement.blur()`)
	p.press("?")
	p.wait(`document.querySelector('dialog[open] #help-title') !== null`)
	p.keys(kb.Escape)
	p.wait(`document.querySelector('dialog[open]') === null`)
	p.run(chromedp.Focus(`#tree [tabindex="0"]`, chromedp.ByQuery))
	for p.text(`document.activeElement.dataset.key`) != failures {
		p.keys(kb.ArrowDown)
	}
	p.keys(kb.Enter)
	p.title("context_http_error_ratio")
	p.tab(`e.textContent === 'Explain the change'`)
	p.keys(kb.Enter)
	p.wait(`document.querySelectorAll('.step').length >= 2 && document.activeElement.tagName === 'H1'`)
	p.tab(`e.className === 'branchlink'`)
	if got := p.text(`getComputedStyle(document.activeElement).outlineStyle`); got != "solid" {
		t.Errorf("the focused link has the outline %q", got)
	}
	p.keys(kb.Enter)
	p.wait(`document.querySelectorAll('.pill.where').length === 2`)
	p.wait(plotted)
	p.tab(`e.dataset.axis === 'route'`)
	p.press(" ")
	p.wait(`document.querySelector('caption')?.textContent === 'Branches by route' && document.activeElement.dataset.axis === 'route'`)
	p.tab(`e.dataset.sort === 'share' || e.dataset.sort === 'value'`)
	p.keys(kb.Enter)
	p.wait(`document.querySelector('[aria-sort=descending]') !== null && document.activeElement.className === 'sort'`)
}

func TestKeysInThePicture(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.visit("/?view=cardinality")
	p.wait(`document.querySelector('progress').hidden && document.querySelector('.box.level-questioned') !== null`)
	p.run(chromedp.Focus(`.box[tabindex="0"]`, chromedp.ByQuery))
	for range 4 {
		p.keys(kb.ArrowRight)
	}
	p.expect(`document.activeElement.getAttribute('aria-label')`, "user_id, label")
	p.keys(kb.ArrowDown)
	p.expect(`document.activeElement.getAttribute('aria-label')`, ", label")
	p.keys(kb.ArrowUp, kb.ArrowLeft)
	p.expect(`document.activeElement.getAttribute('aria-label')`, "evictions_total, metric, 340 series")
	p.keys(kb.Enter)
	p.title("context_cache_evictions_total")
	p.expect(address, "view=cardinality")
}

func TestRefreshKeepsPlaces(t *testing.T) {
	p := open(t, made(), 1280, 640, "light")
	p.visit("/?open=context_&open=context_http_&open=go_&open=go_gc_&open=metertree_&open=process_&node=" + requests + "&by=route")
	p.wait(plotted)
	last := row("m/up")
	p.eval(`document.querySelector('#tree').scrollTop = 200; document.querySelector('#detail').scrollTop = 150; ` + last + `.focus({ preventScroll: true }); window.seen = ` + last + `; window.answers = 0;
		const f = window.fetch; window.fetch = (...a) => f(...a).then((r) => { if (String(a[0]).includes('/plot')) window.answers++; return r; });`)
	p.wait(`window.answers > 1`) // two refreshes have come
	p.wait(settled)
	for expression, want := range map[string]string{
		`String(window.seen === ` + last + ` && document.activeElement === window.seen)`: "true",
		`String(document.querySelector('#tree').scrollTop > 0)`:                          "true",
		`String(document.querySelector('#detail').scrollTop)`:                            "150",
	} {
		if got := p.text(expression); got != want {
			t.Errorf("after a refresh %s is %s", expression, got)
		}
	}
	// The ancestors of what is scrolled away stay in sight.
	p.eval(`document.querySelector('#tree').scrollTop = 120`)
	p.wait(`Math.abs(` + row("s/context_") + `.getBoundingClientRect().top - document.querySelector('#tree').getBoundingClientRect().top) < 2`)
}
