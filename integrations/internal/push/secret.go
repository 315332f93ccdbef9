package push

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Secrets are values that no error shows, also if a backend repeats them.
type Secrets []string

// hidden stands for a secret.
const hidden = "[hidden]"

// public are headers whose values are no secrets: those that protocols set, and
// tenants, whose names may be a part of others.
var public = []string{"Accept-Encoding", "Content-Encoding", "Content-Length", "Content-Type", "User-Agent",
	"Thanos-Tenant", "X-Prometheus-Remote-Write-Version", "X-Scope-Orgid"}

// SecretsOf returns the values that the headers of a request give: each as a
// whole, what follows a scheme such as Bearer, and a password of Basic.
func SecretsOf(headers ...http.Header) (s Secrets) {
	for _, header := range headers {
		for name, values := range header {
			if slices.Contains(public, http.CanonicalHeaderKey(name)) {
				continue
			}
			for _, v := range values {
				s.add(v)
				// That of no user is the empty one.
				_, password, _ := (&http.Request{Header: http.Header{"Authorization": {v}}}).BasicAuth()
				s.add(password)
			}
		}
	}
	return s.sorted()
}

// add adds a value and what follows its first word.
func (s *Secrets) add(value string) {
	// Less says nothing to anybody, but may be part of any word.
	const shortest = 4
	_, rest, _ := strings.Cut(value, " ")
	for _, v := range []string{value, rest} {
		if len(v) >= shortest {
			*s = append(*s, v)
		}
	}
}

// sorted puts longer secrets first: shorter ones may be a part of them.
func (s Secrets) sorted() Secrets {
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// Hide returns a text without the secrets.
func (s Secrets) Hide(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return text
}

// QuerySecrets returns the values in the query of an address.
func QuerySecrets(address *url.URL) (s Secrets) {
	for _, values := range address.Query() {
		for _, v := range values {
			s.add(v)
		}
	}
	return s.sorted()
}

// BareAddress returns an address as errors may show it: without a user, a query
// and a fragment.
func BareAddress(address *url.URL) string {
	bare := *address
	bare.User, bare.RawQuery, bare.ForceQuery, bare.Fragment, bare.RawFragment = nil, "", false, "", ""
	return bare.String()
}
