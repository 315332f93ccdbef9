package observer

import (
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"time"

	"github.com/metertree/metertree/internal/answer"
	"github.com/metertree/metertree/policy/cardinality"
)

//go:embed pages
var pageFiles embed.FS

//go:embed pages/page.css
var style string

// contentSecurity allows a page its own style and nothing else.
var contentSecurity = answer.ContentSecurity(style)

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"style":      func() template.CSS { return template.CSS(style) }, // it is the program's own
	"path":       func(name string) string { return "./" + url.PathEscape(name) },
	"ago":        ago,
	"lasting":    lasting,
	"list":       listOf,
	"took":       Cardinality.took,
	"remedy":     Excess.remedy,
	"pairs":      Cardinality.pairs,
	"firstPairs": first[metricPair], "firstLabels": first[LabelCardinality],
	"firstGrowth": first[cardinality.Growth], "firstExcesses": first[Excess],
	"uptime":    Process.uptime,
	"limit":     limitOf,
	"machine":   func(t time.Time) string { return t.Format(time.RFC3339) },
	"readable":  func(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") },
	"mebibytes": mebibytes,
	"number":    number,
	"share":     func(part, whole int) string { return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(max(whole, 1))) },
	"change":    func(before, after int) string { return fmt.Sprintf("%+d", after-before) },
}).ParseFS(pageFiles, "pages/*.html"))

// pageData is what the templates are filled with; only what a page is about is
// set.
type pageData struct {
	Service string
	Title   string
	Now     time.Time
	// Countable is set if there is a cardinality page.
	Countable bool
	// Refresh is after how many seconds the page asks again, 0 for never.
	Refresh int
	// Section is the part of the document that is shown, empty for all.
	Section     string
	Document    *Document
	Component   *Report
	Cardinality *Cardinality
	Error       string
}

// Shows reports whether a section of the document is on the page.
func (p pageData) Shows(section string) bool { return p.Section == "" || p.Section == section }

// stamp is a time, and when it is looked at.
type stamp struct {
	At  *time.Time
	Now time.Time
}

// Stamp prepares a time for the template of that name.
func (p pageData) Stamp(t *time.Time) stamp { return stamp{t, p.Now} }

// StampOf is Stamp for a time that there always is.
func (p pageData) StampOf(t time.Time) stamp { return stamp{&t, p.Now} }

// listing is the heading of a list of which the first rows are shown.
type listing struct {
	Name       string
	Shown, All int
}

func listOf(name string, shown, all int) listing { return listing{name, shown, all} }

// lasting tells for how long something is so.
func lasting(since *time.Time, now time.Time) string {
	if now.Sub(*since) < time.Second {
		return "a moment"
	}
	return span(now.Sub(*since))
}
