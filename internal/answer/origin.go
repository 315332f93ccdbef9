package answer

import "net/http"

// SameOrigin refuses, with 403, what pages of other sites make a browser send:
// anything that may change something, and whatever is loaded without being shown
// as a page of its own, so that they can neither use what the reader may do nor
// keep the server busy. Following a link works. Programs other than browsers are
// not concerned.
func SameOrigin(next http.Handler) http.Handler {
	changes := http.NewCrossOriginProtection()
	changes.SetDenyHandler(http.HandlerFunc(refuseOrigin))
	guarded := changes.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if FromOtherSite(r) && !isFollowedLink(r) {
			refuseOrigin(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// FromOtherSite reports whether a browser says that a page of another site asks.
func FromOtherSite(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "cross-site" }

func isFollowedLink(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func refuseOrigin(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "refused: a page of another site asked for this; open it from this server's own pages", http.StatusForbidden)
}
