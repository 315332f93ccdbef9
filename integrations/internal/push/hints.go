package push

import (
	"fmt"
	"net/http"
)

// Hints say what to do about answers that mean the same of all backends, in the
// words of one.
type Hints struct {
	// Credentials is for 401 and 403, Address for 404 and 405.
	Credentials, Address string
}

// of returns what to do, where the status tells.
func (h Hints) of(r *http.Response) string {
	switch {
	case r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden:
		return h.Credentials
	case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusMethodNotAllowed:
		return h.Address
	case r.StatusCode/100 == 3:
		return fmt.Sprintf("give the address that it redirects to, %q", redirectOf(r))
	}
	return ""
}
