package push

import "net/http"

// sameRequest follows a redirect only where it leads the whole request to the
// same host: others lose the body, and the answer of a page would look like the
// one to a write, or give credentials to somebody else.
func sameRequest(next *http.Request, via []*http.Request) error {
	const most = 5
	if next.Method != http.MethodPost || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme || len(via) > most {
		return http.ErrUseLastResponse
	}
	return nil
}

// redirectOf returns where a redirect leads, without what may be secret.
func redirectOf(r *http.Response) string {
	to, err := r.Location()
	if err != nil {
		return ""
	}
	return BareAddress(to)
}
