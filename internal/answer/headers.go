package answer

import "net/http"

// NothingAllowed is the policy of an answer that is no page: whoever shows it
// loads, runs and frames nothing.
const NothingAllowed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// WithHeaders sets the headers by which a browser keeps an answer to itself:
// no guessing of types, no frames, no address told to other sites, nothing read
// by their pages. Handlers replace the content security policy by that of their
// page.
func WithHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", NothingAllowed)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}
