package httpmetrics

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// kind says why a call failed.
type kind uint8

const (
	none kind = iota
	timeout
	canceled
	refused
	unresolved
	insecure
	other
)

var kindNames = [...]string{"", "timeout", "canceled", "refused", "dns", "tls", "other"}

func (k kind) String() string { return kindNames[k] }

// kindOf tells the kind of the error that a request failed with, never none.
func kindOf(r *http.Request, err error) kind {
	if ended := endOf(r); ended != nil {
		err = ended
	}
	var network net.Error
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return canceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return timeout
	case errors.As(err, &name):
		return unresolved
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, windowsRefused):
		return refused
	case ofTLS(err):
		return insecure
	}
	return other
}

// endOf tells why a request was given up, or returns nil if it was not. What the
// transport says then can be anything: the cause of the context, or that the
// request was canceled although it took too long for http.Client.Timeout.
func endOf(r *http.Request) error {
	if err := r.Context().Err(); err != nil {
		return err
	}
	if deadline, has := r.Context().Deadline(); has && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	select {
	case <-r.Cancel: //nolint:staticcheck // deprecated, but http.Client sets it for its timeout
		return context.Canceled
	default:
		return nil
	}
}

// windowsRefused is what Windows says where others say ECONNREFUSED.
const windowsRefused = syscall.Errno(10061)

// ofTLS reports whether an error comes from TLS: a certificate, something that
// is no TLS, or an alert of one side.
func ofTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var alert *net.OpError
	return errors.As(err, &certificate) || errors.As(err, &header) ||
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error")
}
