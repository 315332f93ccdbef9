package prom

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/metertree/metertree/server/internal/redact"
	"github.com/prometheus/common/model"
)

// redactTargets hides what is secret in the addresses of targets, which hold
// their parameters, in the errors that repeat them, and in the labels that
// parameters are made of.
func redactTargets(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// An answer that is encoded could not be read here.
		r = r.Clone(r.Context())
		r.Header.Del("Accept-Encoding")
		held := &heldAnswer{header: http.Header{}, status: http.StatusOK}
		api.ServeHTTP(held, r)
		for name, values := range held.header {
			w.Header()[name] = values
		}
		var document any
		if err := json.Unmarshal(held.body.Bytes(), &document); err != nil {
			w.WriteHeader(held.status)
			_, _ = io.WriteString(w, redact.Text(held.body.String()))
			return
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(held.status)
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		// An error here is an asker who is gone.
		_ = encoder.Encode(redactJSON("", document))
	})
}

// redactJSON redacts every text below a member of this name.
func redactJSON(name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for member, below := range v {
			v[member] = redactJSON(member, below)
		}
	case []any:
		for i, below := range v {
			v[i] = redactJSON(name, below)
		}
	case string:
		if parameter, is := strings.CutPrefix(name, model.ParamLabelPrefix); is && redact.Named(parameter) {
			return redact.Hidden
		}
		return redact.Text(v)
	}
	return value
}

// heldAnswer is an answer that is not sent yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *heldAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *heldAnswer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *heldAnswer) Write(p []byte) (int, error) { return a.body.Write(p) }
