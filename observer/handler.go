package observer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Sections are the parts that can be asked for by themselves.
var sections = map[string]func(Document) any{
	"":           func(d Document) any { return d },
	"build":      func(d Document) any { return d.Build },
	"process":    func(d Document) any { return d.Process },
	"runtime":    func(d Document) any { return d.Runtime },
	"components": func(d Document) any { return d.Components },
}

// Handler serves the document at its root and each section (build, process,
// runtime, components) below it, to be mounted with http.StripPrefix. It answers
// in JSON, or with a readable table where the request prefers text/plain or says
// ?format=text.
func (r *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.serve)
	mux.HandleFunc("GET /{section}", r.serve)
	return mux
}

func (r *Registry) serve(w http.ResponseWriter, request *http.Request) {
	name := request.PathValue("section")
	section, ok := sections[name]
	if !ok {
		http.Error(w, fmt.Sprintf("there is no section %q: ask for build, process, runtime or components", name), http.StatusNotFound)
		return
	}
	document := r.Observe(request.Context())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept")
	if wantsText(request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		// An error here is a reader who is gone.
		_ = writeText(w, name, document)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(section(document))
}

// wantsText reports whether text/plain is named, and before JSON.
func wantsText(r *http.Request) bool {
	switch r.URL.Query().Get("format") {
	case "text":
		return true
	case "json":
		return false
	}
	accept := strings.ToLower(r.Header.Get("Accept"))
	text := strings.Index(accept, "text/plain")
	structured := strings.Index(accept, "application/json")
	return text >= 0 && (structured < 0 || text < structured)
}
