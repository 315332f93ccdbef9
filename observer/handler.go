package observer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/metertree/metertree/internal/answer"
)

// sections are the parts of the document that can be asked for by themselves.
var sections = map[string]func(Document) any{
	"":           func(d Document) any { return d },
	"build":      func(d Document) any { return d.Build },
	"process":    func(d Document) any { return d.Process },
	"runtime":    func(d Document) any { return d.Runtime },
	"components": func(d Document) any { return d.Components },
}

// cardinalityPage is the path of the cardinality document.
const cardinalityPage = "cardinality"

// Handler serves, to be mounted with http.StripPrefix,
//
//	/               the document: the program and all its components
//	/{section}      one part of it: build, process, runtime or components
//	/{component}    the report of one component, which alone is asked
//	/cardinality    how many series there are, if Options.Series is set
//	                  ?budget=N  the labels to take off metrics of more series
//	                  ?limit=N   how many metrics are shown (default 50, 0 for all)
//
// It answers in JSON, with a readable table where the request prefers text/plain
// or says ?format=text, and with a page where it prefers text/html or says
// ?format=html, as browsers do.
//
// The status is 200 unless what is shown is Down: then the document, the section
// components and the report of a component are sent with 503, so that a
// supervisor need not read them. Unknown and Degraded are 200. A program is Down
// too if only something that it depends on is, and starting it anew does not help
// that, so this is a question for readiness and alerts, not for liveness.
//
// An error is a JSON object with the member "error", or that sentence as text or
// page: 400 for a wrong parameter, 404 for no such component, 503 with
// Retry-After while the series are being counted for others, 504 if that took
// too long.
func (r *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.serve)
	mux.HandleFunc("GET /{name}", r.serve)
	if r.census != nil {
		mux.HandleFunc("GET /"+cardinalityPage, r.serveCardinality)
	}
	return mux
}

// view is one answer in its three formats.
type view struct {
	status int
	json   any
	text   func(io.Writer) error
	page   string // the name of a template
	data   pageData
}

func (r *Registry) serve(w http.ResponseWriter, request *http.Request) {
	name := request.PathValue("name")
	section, ok := sections[name]
	if !ok {
		r.serveComponent(w, request, name)
		return
	}
	d := r.Observe(request.Context())
	status := http.StatusOK
	if name == "" || name == "components" {
		status = statusOf(d.Health)
	}
	r.answer(w, request, view{
		status: status,
		json:   section(d),
		text:   func(w io.Writer) error { return writeText(w, name, d) },
		page:   "document.html",
		data:   pageData{Title: d.Service, Now: d.At, Section: name, Document: &d, Refresh: refreshOf(request)},
	})
}

func (r *Registry) serveComponent(w http.ResponseWriter, request *http.Request, name string) {
	report, ok := r.Component(request.Context(), name)
	if !ok {
		r.fail(w, request, http.StatusNotFound, r.unknown(name))
		return
	}
	now := r.options.Now()
	r.answer(w, request, view{
		status: statusOf(report.Health),
		json:   report,
		text:   func(w io.Writer) error { return writeReport(w, report, now) },
		page:   "component.html",
		data:   pageData{Title: name, Now: now, Component: &report, Refresh: refreshOf(request)},
	})
}

// maxNamed is how many components an error names.
const maxNamed = 20

func (r *Registry) unknown(name string) error {
	names := r.names()
	known := "there is none"
	if len(names) > 0 {
		known = "ask for " + strings.Join(names[:min(len(names), maxNamed)], ", ")
	}
	if more := len(names) - maxNamed; more > 0 {
		known += fmt.Sprintf(" or one of %d more", more)
	}
	return fmt.Errorf("there is no component %q: %s", name, known)
}

// statusOf is the HTTP status that tells the health.
func statusOf(h Health) int {
	if h == Down {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// defaultRefresh is after how many seconds a page asks again.
const defaultRefresh = 10

// refreshOf returns after how many seconds the page is to ask again, 0 for never.
func refreshOf(r *http.Request) int {
	seconds, err := strconv.Atoi(r.URL.Query().Get("refresh"))
	if err != nil || seconds < 0 {
		return defaultRefresh
	}
	return seconds
}

func (r *Registry) serveCardinality(w http.ResponseWriter, request *http.Request) {
	budget, limit, err := countedAs(request.URL.Query())
	if err != nil {
		r.fail(w, request, http.StatusBadRequest, err)
		return
	}
	d, err := r.census.take(request.Context(), budget)
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		r.fail(w, request, http.StatusServiceUnavailable, err)
	case errors.Is(err, errLate):
		r.fail(w, request, http.StatusGatewayTimeout, err)
	case err != nil:
		r.fail(w, request, http.StatusInternalServerError, err)
	default:
		d = d.limited(limit)
		r.answer(w, request, view{
			status: http.StatusOK,
			json:   d,
			text:   func(w io.Writer) error { return writeCardinality(w, d) },
			page:   "cardinality.html",
			data:   pageData{Title: "cardinality", Now: r.options.Now(), Cardinality: &d},
		})
	}
}

// defaultLimit is how many metrics are shown unless ?limit= says otherwise.
const defaultLimit = 50

// countedAs reads the parameters of the cardinality document. An empty one is as
// if it were not there, as forms send it.
func countedAs(query url.Values) (budget, limit int, err error) {
	number := func(name string, least, otherwise int) int {
		text := query.Get(name)
		if text == "" {
			return otherwise
		}
		n, parseErr := strconv.Atoi(text)
		if parseErr != nil || n < least {
			err = errors.Join(err, fmt.Errorf("%s %q is no number from %d", name, text, least))
		}
		return n
	}
	budget = number("budget", 1, 0)
	limit = number("limit", 0, defaultLimit)
	return budget, limit, err
}

func (r *Registry) fail(w http.ResponseWriter, request *http.Request, status int, err error) {
	r.answer(w, request, view{
		status: status,
		json:   map[string]string{"error": err.Error()},
		text:   func(w io.Writer) error { return writeError(w, err) },
		page:   "error.html",
		data:   pageData{Title: http.StatusText(status), Now: r.options.Now(), Error: err.Error()},
	})
}

// answer writes a view in the format that the request wants.
func (r *Registry) answer(w http.ResponseWriter, request *http.Request, v view) {
	wanted, err := answer.FormatOf(request)
	if err != nil {
		v.status, v.json = http.StatusBadRequest, map[string]string{"error": err.Error()}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set("X-Content-Type-Options", "nosniff")
	var body bytes.Buffer
	switch wanted {
	case answer.Text:
		h.Set("Content-Type", "text/plain; charset=utf-8")
		err = v.text(&body)
	case answer.Page:
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("Referrer-Policy", "no-referrer")
		v.data.Service, v.data.Countable = r.options.Service, r.census != nil
		err = pages.ExecuteTemplate(&body, v.page, v.data)
	default:
		h.Set("Content-Type", "application/json")
		encoder := json.NewEncoder(&body)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(v.json)
	}
	if err != nil {
		http.Error(w, "this cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(v.status)
	// An error here is a reader who is gone.
	_, _ = w.Write(body.Bytes())
}
