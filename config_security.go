package metertree

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Security says who may reach what is served, and how. The zero value serves
// plain HTTP to whoever reaches the address, and profiles to this machine only.
// Package integrations/webconfig makes one from the web configuration file that
// operators know from Prometheus and its exporters.
type Security struct {
	// TLS, unless nil, makes the listener speak HTTPS. It needs Certificates,
	// GetCertificate or GetConfigForClient; the latter two are asked at each
	// handshake, and so can follow files that change. It is cloned.
	TLS *tls.Config
	// Guard, unless nil, is called once, by Start, and returns what answers in
	// place of the pages; it decides which requests it passes on to them. It is
	// where authentication goes. It may be called with anything that comes over
	// the network, from many goroutines.
	Guard func(pages http.Handler) http.Handler
	// Hosts are names under which the listener is reached, such as that of a proxy
	// before it. If there are any, requests that name another host are refused,
	// but for IP addresses and localhost. A listener on loopback refuses them
	// always, since a page of another site could pass for one of its own (DNS
	// rebinding).
	Hosts []string
	// RemoteProfiling serves profiles to other machines too: set it if Guard or
	// TLS lets in only those who may see them, or the network does.
	RemoteProfiling bool
}

// check reports what cannot be.
func (s *Security) check() error {
	if s.TLS != nil && len(s.TLS.Certificates) == 0 && s.TLS.GetCertificate == nil && s.TLS.GetConfigForClient == nil {
		return errors.New("Config.Security.TLS has no certificate: set Certificates, GetCertificate or GetConfigForClient")
	}
	for _, host := range s.Hosts {
		if host == "" || strings.ContainsAny(host, "/ *") {
			return fmt.Errorf("Config.Security.Hosts: %q is no host name: give one such as metrics.example.org", host)
		}
	}
	return nil
}
