package answer

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Hosts answers requests only if they name a host that is meant. A page of
// another site can have its own name resolve to this machine and would then
// count as this server's page (DNS rebinding); the name it has been loaded under
// is what gives it away. An IP address is no name that a site can have, and
// localhost is none that it can give itself.
type Hosts struct {
	// Names are accepted beside addresses and localhost, without a port.
	Names []string
	// Remedy ends the sentence that refuses a name.
	Remedy string
}

// Only refuses what Hosts does not accept, with 421.
func (h Hosts) Only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.accepts(r.Host) {
			http.Error(w, fmt.Sprintf("this server does not go by the name %.100q: %s", hostname(r.Host), h.Remedy), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h Hosts) accepts(host string) bool {
	name := hostname(host)
	if name == "" || IsLocalName(name) {
		// Without a name, which HTTP/1.0 allows, no browser has sent it.
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return slices.ContainsFunc(h.Names, func(allowed string) bool { return hostname(allowed) == name })
}

// IsLocalName reports whether a name is localhost, which stands for nothing but
// this machine.
func IsLocalName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// hostname is a host without port and brackets, as names are compared.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// IsLoopback reports whether an address, host:port with an IP address, is one
// that only this machine reaches.
func IsLoopback(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().Unmap().IsLoopback()
}
