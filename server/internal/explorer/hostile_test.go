package explorer

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/tree"
)

const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`

func labelled(name string, value float64, labels ...string) sample {
	s := sample{Name: name, Value: value}
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, tree.Label{Name: labels[i], Value: labels[i+1]})
	}
	return s
}

// unmarked fails the test if anything of the service's became markup.
func (p *page) unmarked() {
	p.t.Helper()
	if got := p.text(`(document.title.includes('owned') ? 'owned ' : '') + document.querySelectorAll('img[src=x], body script, #detail b b').length`); got != "0" {
		p.t.Errorf("text became markup: %q", got)
	}
}

func TestTextStaysText(t *testing.T) {
	s := made()
	s.extra = []sample{
		labelled("evil_total", 1, "path", evil),
		labelled("evil_total", 2, "path", `a/b?c=d&e="f"#g%2F`),
		labelled("evil_total", 3, "path", "line\nbreak\u202eltr"),
		labelled("evil_total", 4),
		labelled(`nom de métrique "é"/&<b>`, 5),
		labelled(`nom de métrique "é"/&<b>`, 6, "läbel", evil),
	}
	p := open(t, s, 1280, 840, "light")
	p.visit("/?node=m/evil_total&by=path")
	p.wait(`[...document.querySelectorAll('tbody th')].some((e) => e.textContent.startsWith('<img src=x'))`)
	p.wait(`[...document.querySelectorAll('tbody th')].some((e) => e.textContent === '<unset>')`)
	p.shot("evil")
	p.tap("tbody th a", "<img")
	p.wait(`document.querySelector('.pill.where')?.textContent.includes('<img') && ` + settled)
	p.unmarked()
	p.expect(`document.querySelector('.hero .figure').textContent`, "/s")
	p.run(back())
	p.wait(`document.querySelectorAll('tbody tr').length === 5`)
	p.tap("tbody th a", "a/b?c")
	p.wait(`document.querySelector('.pill.where')?.textContent.includes('a/b?c=d&e="f"#g%2F') && ` + settled)
	p.visit("/" + p.text(`location.search`))
	p.expect(`document.querySelector('.pill.where').textContent`, `a/b?c=d&e="f"#g%2F`)
	p.visit("/?filter=nom")
	p.tap("#tree [data-metric] .name", "nom de")
	p.title(`nom de métrique "é"/&<b>`)
	p.wait(`!!document.querySelector('[data-axis="läbel"]')`)
	for _, view := range []string{"cardinality", "explain"} {
		p.visit("/?node=m/evil_total&view=" + view)
		p.unmarked()
	}
}

// TestHugeTexts: a label value of 100 kB, or a help as long, takes no more room
// than another.
func TestHugeTexts(t *testing.T) {
	s := made()
	long := strings.Repeat("long", 25_000)
	s.extra = []sample{
		labelled("huge_total", 1, "path", long),
		labelled("huge_total", 2, "path", long+"er"),
		labelled("huge_total", 3, "path", "short"),
	}
	p := open(t, s, 1280, 840, "light")
	fits := func(what string) {
		t.Helper()
		if got := p.text(`String(document.documentElement.scrollWidth <= innerWidth && document.querySelector('#detail').scrollWidth <= document.querySelector('#detail').clientWidth && document.querySelector('#detail').innerText.length < 20000)`); got != "true" {
			t.Errorf("%s does not fit", what)
			p.shot("huge-" + what)
		}
	}
	p.visit("/?node=m/huge_total&by=path")
	p.wait(`document.querySelectorAll('tbody tr').length === 4`)
	fits("table")
	p.tap("tbody th a", "long")
	p.wait(`document.querySelectorAll('.pill.where').length === 1 && ` + settled)
	fits("branch")
	p.visit("/?node=m/huge_total&view=cardinality")
	p.wait(`document.querySelector('progress').hidden`)
	fits("picture")
}
