package pushtest

import (
	"io"
	"net/http"
)

// Page is what a gateway may answer in place of a backend.
const Page = "<!DOCTYPE html><html><body>Please log in</body></html>"

// Status answers with a code, a body, and pairs of header and value, and keeps
// nothing.
func Status[R any](code int, body string, header ...string) Answer[R] {
	return func(w http.ResponseWriter, _ *http.Request, _ R) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // the client may be gone
		return false
	}
}

// HangUp ends the connection without an answer.
func HangUp[R any](http.ResponseWriter, *http.Request, R) bool { panic(http.ErrAbortHandler) }

// BreakOff answers 200 and ends the connection within the body.
func BreakOff[R any](w http.ResponseWriter, _ *http.Request, _ R) bool {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "{") // the client may be gone
	return false
}

// Stall answers nothing until the client is gone.
func Stall[R any](_ http.ResponseWriter, r *http.Request, _ R) bool {
	<-r.Context().Done()
	return false
}
