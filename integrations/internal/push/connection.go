package push

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// connection explains an error of a request that was not answered: what to do, if
// anybody knows, and whether it stays as it is until somebody does.
func connection(err error) (remedy string, stays bool) {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks no TLS: give its address as http://", true
	case errors.As(err, &certificate):
		return "give the authority of the server's certificate in the transport of Options.Client, and the host name that the certificate has", true
	case strings.Contains(err.Error(), "tls: certificate required"):
		return "give the client's certificate in the transport of Options.Client", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "start the server there, or correct the address", false
	case errors.As(err, &name) && name.IsNotFound:
		return "correct the host name", false
	case strings.Contains(err.Error(), "malformed HTTP response"):
		return "the server may speak TLS, or something other than HTTP: correct the address", false
	}
	return "", false
}

// settledError is one that no repetition helps against.
type settledError struct{ error }

// Unwrap returns the error.
func (e settledError) Unwrap() error { return e.error }

// WantsTLS reports whether an answer of 400 says, in the words of common servers,
// that a port of TLS was spoken to without.
func WantsTLS(message string) bool {
	for _, words := range []string{
		"HTTP request to an HTTPS server",
		"plain HTTP request was sent to HTTPS port",
		"speaking plain HTTP to an SSL-enabled server port",
		"combination of host and port requires TLS",
	} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}
