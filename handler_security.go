package metertree

import (
	"net"
	"net/http"

	"github.com/metertree/metertree/internal/answer"
)

const (
	// styled is the policy of a page with a style in itself.
	styled = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// maxRequestBytes bounds the body of a request. Only go tool pprof sends one,
	// with addresses to look up.
	maxRequestBytes = 1 << 20
)

// around puts before the pages what holds wherever they are mounted.
func (s *Security) around(pages http.Handler) http.Handler {
	if s.Guard != nil {
		pages = s.Guard(pages)
	}
	pages = answer.SameOrigin(pages)
	return answer.WithHeaders(http.MaxBytesHandler(pages, maxRequestBytes))
}

// onListener puts before the pages what depends on the address listened on.
func (s *Security) onListener(pages http.Handler, address net.Addr) http.Handler {
	if len(s.Hosts) == 0 && !answer.IsLoopback(address.String()) {
		return pages
	}
	hosts := answer.Hosts{Names: s.Hosts, Remedy: "ask for it by its address, or add the name to Config.Security.Hosts"}
	return answer.WithHeaders(hosts.Only(pages))
}

// profile keeps profiles from those who are not on this machine, unless they may
// see them, and from browsers that other sites' pages send: a profile costs time
// even if nobody reads it.
func (s *Security) profile(next http.Handler) http.Handler {
	local := answer.Hosts{Names: s.Hosts, Remedy: "ask for it by its address"}
	if !s.RemoteProfiling {
		next = fromThisMachine(local.Only(next))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer.FromOtherSite(r) {
			http.Error(w, "profiles are not served to pages of other sites: type the address", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", styled)
		next.ServeHTTP(w, r)
	})
}

// fromThisMachine refuses what came over the network, and what a proxy on this
// machine says it has forwarded.
func fromThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != ""
		if forwarded || !isLocalPeer(r.RemoteAddr) {
			http.Error(w, "profiles are served to clients on the same machine: ask from there, or set Config.Security.RemoteProfiling", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocalPeer reports whether the other end of a connection is on this machine.
// That of a Unix socket has no address, or one that is no host and port.
func isLocalPeer(address string) bool {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return address == "" || address[0] == '@' || address[0] == '/'
	}
	return answer.IsLoopback(address)
}
