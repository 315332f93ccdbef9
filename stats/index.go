package stats

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"text/tabwriter"

	"github.com/metertree/metertree/internal/answer"
)

// listing is one entry of the list.
type listing struct {
	Name string `json:"name"`
	Help string `json:"help"`
	// Path is relative to that of the list.
	Path       string             `json:"path"`
	Parameters []listingParameter `json:"parameters,omitempty"`
	// TimeoutSeconds is how long it may run, TTLSeconds for how long an answer is
	// given again.
	TimeoutSeconds float64 `json:"timeout_seconds"`
	TTLSeconds     float64 `json:"ttl_seconds"`
}

type listingParameter struct {
	Name     string `json:"name"`
	Help     string `json:"help"`
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
}

func (r *Registry) listings() []listing {
	entries := []listing{}
	for _, q := range r.all() {
		e := listing{
			Name: q.Name, Help: q.Help, Path: "./" + q.Name,
			TimeoutSeconds: q.Timeout.Seconds(), TTLSeconds: max(0, q.TTL.Seconds()),
		}
		for _, p := range q.Parameters {
			e.Parameters = append(e.Parameters, listingParameter{p.Name, p.Help, p.Default, p.Required})
		}
		entries = append(entries, e)
	}
	return entries
}

func (r *Registry) list(w http.ResponseWriter, request *http.Request) {
	wanted, err := answer.FormatOf(request)
	if err != nil {
		r.write(w, request, newFailure(http.StatusBadRequest, err))
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set("X-Content-Type-Options", "nosniff")
	entries := r.listings()
	var body bytes.Buffer
	switch wanted {
	case answer.Text:
		h.Set("Content-Type", "text/plain; charset=utf-8")
		err = writeText(&body, entries)
	case answer.Page:
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("Referrer-Policy", "no-referrer")
		err = page.Execute(&body, entries)
	default:
		h.Set("Content-Type", "application/json")
		encoder := json.NewEncoder(&body)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(map[string]any{"queries": entries})
	}
	if err != nil {
		http.Error(w, "the list cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	// An error here is a reader who is gone.
	_, _ = w.Write(body.Bytes())
}

// writeText writes the list as a table, with the parameters of a query below it.
func writeText(w io.Writer, entries []listing) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(entries) == 0 {
		fmt.Fprintln(t, "no queries are registered")
		return t.Flush()
	}
	fmt.Fprintln(t, "QUERY\tANSWERS")
	for _, e := range entries {
		fmt.Fprintf(t, "%s\t%s\n", answer.OneLine(e.Name), answer.OneLine(e.Help))
		for _, p := range e.Parameters {
			fmt.Fprintf(t, "  ?%s=\t%s%s\n", answer.OneLine(p.Name), answer.OneLine(p.Help), answer.OneLine(p.note()))
		}
	}
	return t.Flush()
}

// note tells what happens if the parameter is not given.
func (p listingParameter) note() string {
	switch {
	case p.Required:
		return " (required)"
	case p.Default != "":
		return " (default " + p.Default + ")"
	}
	return ""
}

//go:embed pages/index.html
var pageText string

//go:embed pages/page.css
var style string

// contentSecurity allows the page its own style and nothing else.
var contentSecurity = answer.ContentSecurity(style)

var page = template.Must(template.New("").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) }, // it is the program's own
	"note":  listingParameter.note,
}).Parse(pageText))
