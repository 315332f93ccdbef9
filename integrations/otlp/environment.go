package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fromEnvironment returns the variable OTEL_EXPORTER_OTLP_METRICS_ with the
// given end, or else the one for all signals, with its value; "" if neither has
// one.
func fromEnvironment(end string) (variable, value string) {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_METRICS_" + end, "OTEL_EXPORTER_OTLP_" + end} {
		if value := strings.TrimSpace(os.Getenv(variable)); value != "" {
			return variable, value
		}
	}
	return "", ""
}

func protocolFromEnvironment() (Protocol, error) {
	variable, value := fromEnvironment("PROTOCOL")
	switch value {
	case "", HTTP.String():
		return HTTP, nil
	case GRPC.String():
		return GRPC, nil
	}
	return 0, fmt.Errorf("%s is %q: set it to grpc or http/protobuf", variable, value)
}

// checkEnvironment reports values that the official exporters would pass over in
// silence.
func checkEnvironment() error {
	for end, allowed := range map[string][]string{
		"COMPRESSION":            {"gzip", "none"},
		"TEMPORALITY_PREFERENCE": {"cumulative", "delta", "lowmemory"},
	} {
		variable, value := fromEnvironment(end)
		if value != "" && !slices.Contains(allowed, strings.ToLower(value)) {
			return fmt.Errorf("%s is %q: set it to %s", variable, value, strings.Join(allowed, " or "))
		}
	}
	return nil
}

// checkEndpoint reports an endpoint of the environment that the official
// exporters would pass over in silence, to send to the default one.
func checkEndpoint(p Protocol) error {
	variable, value := fromEnvironment("ENDPOINT")
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	// Over gRPC it may be another target, such as unix:///run/otlp.sock.
	if err == nil && (p == GRPC || u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")) {
		if err := checkParts(u); err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		return nil
	}
	return fmt.Errorf("%s is %q, which is no URL: set it to one such as http://collector:%d", variable, bareLocation(value), p.port())
}

// checkParts reports parts of a URL that the official exporters leave out.
func checkParts(u *url.URL) error {
	if u.User != nil {
		return errors.New("a user in the URL is not sent: give credentials as a header, such as authorization")
	}
	if u.RawQuery != "" {
		return errors.New("a query in the URL is not sent: give what it says as a header")
	}
	return nil
}

// endpointName tells people where requests go.
func (o *Options) endpointName() string {
	endpoint := o.Endpoint
	variable := ""
	if endpoint == "" {
		variable, endpoint = fromEnvironment("ENDPOINT")
	}
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "" && o.Protocol == GRPC:
		return "localhost:4317"
	case endpoint == "":
		return "http://localhost:4318" + metricsPath
	case err != nil:
		return "an endpoint that is no URL"
	}
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" && o.Protocol == HTTP {
		u = u.JoinPath(metricsPath)
	}
	return u.String()
}

// timeout returns how long an attempt over HTTP may take.
func (o *Options) timeout() (time.Duration, error) {
	if o.Timeout > 0 {
		return o.Timeout, nil
	}
	variable, value := fromEnvironment("TIMEOUT")
	if value == "" {
		return DefaultTimeout, nil
	}
	milliseconds, err := strconv.ParseUint(value, 10, 31)
	if err != nil || milliseconds == 0 {
		return 0, fmt.Errorf("%s is %q: set it to a number of milliseconds", variable, value)
	}
	return time.Duration(milliseconds) * time.Millisecond, nil
}

// tlsConfig returns how an https endpoint is spoken to; nil is the system's way.
func (o *Options) tlsConfig() (*tls.Config, error) {
	if o.TLS != nil {
		return o.TLS.Clone(), nil
	}
	var config *tls.Config
	if variable, file := fromEnvironment("CERTIFICATE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: give a file that can be read: %w", variable, err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: %s holds no certificate: give a PEM file of authorities", variable, file)
		}
		config = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	variable, certificate := fromEnvironment("CLIENT_CERTIFICATE")
	_, key := fromEnvironment("CLIENT_KEY")
	if certificate == "" || key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("%s: give PEM files of a certificate and its key: %w", variable, err)
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
