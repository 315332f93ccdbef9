package explorer

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// shown are addresses that together show everything the page can draw.
var shown = []struct{ name, search, ready string }{
	{"scope", "/?node=s/context_&open=context_&open=context_http_", `document.querySelectorAll('.signal').length === 4`},
	{"metric", "/?node=" + requests + "/region/eu&by=version", plotted},
	{"histogram", "/?node=" + duration + "&stat=0.99", plotted},
	{"ratio", "/?node=" + failures + "&by=region&rank=value", plotted},
	{"unique", "/?node=m/context_cache_evictions_total", plotted},
	{"explain", "/?node=" + failures + "&view=explain", `document.querySelectorAll('.step').length > 1`},
	{"cardinality", "/?view=cardinality", `document.querySelector('progress').hidden && document.querySelectorAll('.box').length > 5`},
	{"gone", "/?node=m/no_such_metric", `!!document.querySelector('.trouble')`},
}

// faint lists the texts whose contrast with what is behind them is too weak, as
// the Web Content Accessibility Guidelines 2.1 measure it (1.4.3).
const faint = `(() => {
	const seen = new Map();
	const rgb = (c) => seen.get(c) || seen.set(c, paint(c)).get(c);
	const paint = (c) => { const d = document.createElement('canvas').getContext('2d'); d.fillStyle = c; d.fillRect(0, 0, 1, 1); const p = d.getImageData(0, 0, 1, 1).data; return [p[0], p[1], p[2], p[3] / 255]; };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { const all = []; for (let at = e; at; at = at.parentElement) all.push(rgb(getComputedStyle(at).backgroundColor)); return all.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]); };
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const bad = new Set();
	let checked = 0;
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement;
		const r = e.getBoundingClientRect();
		if (!n.data.trim() || !e.checkVisibility({ opacityProperty: true }) || r.width < 2 || r.height < 2 || e.closest('.sr, option')) continue;
		const style = getComputedStyle(e);
		const back = behind(e);
		const front = over(rgb(style.color), back);
		const [x, y] = [light(front), light(back)].sort((a, b) => b - a);
		const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
		const ratio = (x + 0.05) / (y + 0.05);
		checked++;
		if (ratio < (large ? 3 : 4.5)) bad.add(n.data.trim().slice(0, 40) + ' ' + ratio.toFixed(2) + ' ' + e.className);
	}
	return checked < 20 ? 'only ' + checked + ' texts' : [...bad].join('; ');
})()`

func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		p := open(t, made(), 1280, 840, scheme)
		for _, s := range shown {
			p.visit(s.search)
			p.wait(s.ready)
			if got := p.text(faint); got != "" {
				t.Errorf("%s, %s: %s", scheme, s.name, got)
			}
		}
	}
}

// TestNarrowWindow: nothing needs scrolling sideways, and the names are a drawer.
func TestNarrowWindow(t *testing.T) {
	p := open(t, made(), 380, 780, "light")
	for _, s := range shown {
		p.visit(s.search)
		p.wait(s.ready)
		if got := p.text(`String(document.documentElement.scrollWidth) + ' ' + document.querySelector('#detail').scrollWidth`); got != "380 380" {
			t.Errorf("%s: the page is %s wide in a window of 380", s.name, got)
			p.shot("wide-" + s.name)
		}
	}
	p.visit("/?node=" + failures + "&by=region")
	p.wait(plotted)
	p.wait(`document.querySelector('#side').inert && document.querySelector('#side').getBoundingClientRect().right <= 0`)
	p.tap("#menu", "")
	p.wait(`document.activeElement.id === 'filter' && document.querySelector('#side').getBoundingClientRect().left === 0`)
	p.shot("drawer")
	p.keys(kb.Escape)
	p.wait(`document.activeElement.id === 'menu' && document.querySelector('#side').inert`)
	p.tap("#menu", "")
	p.wait(`document.querySelector('#side').getBoundingClientRect().left === 0`)
	p.click(requests)
	p.title("context_http_requests_total")
	p.wait(`document.querySelector('#side').inert`)
}

func TestTheme(t *testing.T) {
	p := open(t, made(), 1280, 840, "dark")
	p.visit("/?node=" + requests)
	p.wait(plotted)
	colour := func() string { return p.text(`getComputedStyle(document.body).backgroundColor`) }
	dark := colour()
	p.tap("#theme", "")
	p.wait(`document.documentElement.dataset.theme === 'light'`)
	if colour() == dark {
		t.Errorf("light is as dark as dark: %s", dark)
	}
	p.visit("/?node=" + requests)
	p.wait(`document.documentElement.dataset.theme === 'light'`) // it was remembered
	p.tap("#theme", "")
	if got := colour(); got != dark {
		t.Errorf("the chosen dark is %s, the system's %s", got, dark)
	}
}

// TestNames: whatever can be operated has a name for those who cannot see it.
func TestNames(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	operable := map[string]bool{"button": true, "link": true, "treeitem": true, "textbox": true, "searchbox": true, "combobox": true, "img": true, "image": true, "progressbar": true, "dialog": true, "tree": true, "navigation": true}
	for _, s := range shown {
		p.visit(s.search)
		p.wait(s.ready)
		seen := 0
		p.run(chromedp.ActionFunc(func(ctx context.Context) error {
			var tree accessibilityTree
			err := cdp.Execute(ctx, accessibility.CommandGetFullAXTree, accessibility.GetFullAXTree(), &tree)
			for _, n := range tree.Nodes {
				role := n.Role.Value
				if n.Ignored || !operable[role] {
					continue
				}
				seen++
				if strings.TrimSpace(n.Name.Value) == "" {
					t.Errorf("%s: a %s has no name", s.name, role)
				}
			}
			return err
		}))
		if seen < 10 {
			t.Errorf("%s: only %d parts were looked at", s.name, seen)
		}
	}
}

// accessibilityTree is what of the browser's answer is looked at; the library's own
// type refuses words of newer browsers.
type accessibilityTree struct {
	Nodes []struct {
		Ignored bool     `json:"ignored"`
		Role    nodeText `json:"role"`
		Name    nodeText `json:"name"`
	} `json:"nodes"`
}

type nodeText struct {
	Value string `json:"value"`
}

func TestReducedMotion(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	p.run(reduceMotion())
	p.visit("/?open=context_")
	if got := p.text(`getComputedStyle(document.querySelector('.chevron'), '::before').transitionDuration`); got != "0s" {
		t.Errorf("a transition takes %s where motion is unwanted", got)
	}
}

// TestWeight adds up what a browser loads to show the page, and logs how long that
// takes; with -live, of a running explorer.
func TestWeight(t *testing.T) {
	p := open(t, made(), 1280, 840, "light")
	if *live != "" {
		p.url = *live
	}
	p.visit("/")
	var files []struct {
		Name string
		Size int
	}
	p.run(chromedp.Evaluate(`[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
		.filter((e) => !e.name.includes('/api/')).map((e) => ({ Name: e.name, Size: e.decodedBodySize }))`, &files))
	total, seen := 0, make(map[string]bool)
	for _, f := range files {
		if !seen[f.Name] {
			total += f.Size
		}
		seen[f.Name] = true
		if !strings.HasPrefix(f.Name, p.url) {
			t.Errorf("%s is from elsewhere", f.Name)
		}
	}
	if len(seen) < 20 || total < 100_000 || total > 200_000 {
		t.Errorf("%d files of %d bytes, more than 200,000 or too few to be all", len(seen), total)
	}
	t.Logf("%d files, %d bytes; %s", len(seen), total, p.text(`'painted after ' + Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime) + ' ms, with values after ' +
		Math.round(Math.max(...performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/')).map((e) => e.responseEnd))) + ' ms'`))
}
