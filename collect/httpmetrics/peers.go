package httpmetrics

import (
	"net/http"
	"net/url"
	"strings"
)

// Peers returns a ClientOptions.Peer that names requests to the given hosts by
// them, and all others Unknown. A host may have a port, such as
// api.example.com:8443; without one it stands for the scheme's. Case and a dot
// at the end do not matter. The label is the host as it is given here.
func Peers(hosts ...string) func(r *http.Request) string {
	listed := make(map[address]string, len(hosts))
	for _, host := range hosts {
		listed[addressOf(&url.URL{Host: host})] = host
	}
	return func(r *http.Request) string {
		if host, found := listed[addressOf(r.URL)]; found {
			return host
		}
		return Unknown
	}
}

// address is a host as Peers compares it. It has no port if that is the
// scheme's.
type address struct{ host, port string }

func addressOf(u *url.URL) address {
	a := address{strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()}
	if u.Scheme == "http" && a.port == "80" || u.Scheme == "https" && a.port == "443" {
		a.port = ""
	}
	return a
}
