package otlp

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzEnvironment holds that whatever variables say, an endpoint that is taken is
// one, a timeout that is taken is positive, and an error names the variable and
// tells no password.
func FuzzEnvironment(f *testing.F) {
	for _, seed := range [][5]string{
		{"http://collector:4318", "10000", "grpc", "gzip", "delta"}, {"https://ann:s3cret@host/?key=s3cret", "0", "http/protobuf", "none", "LowMemory"},
		{"unix:///run/otlp.sock", "-1", "thrift", "zip", "x"}, {"http://[::1", "4294967296", "", "", ""}, {"//ann:s3cret@host", " 1 ", "GRPC", "\x01", "é"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, endpoint, timeout, protocol, compression, temporality string) {
		for name, value := range map[string]string{
			"ENDPOINT": endpoint, "TIMEOUT": timeout, "PROTOCOL": protocol, "COMPRESSION": compression, "TEMPORALITY_PREFERENCE": temporality,
		} {
			if strings.ContainsRune(value, 0) {
				return // no variable holds it
			}
			t.Setenv("OTEL_EXPORTER_OTLP_METRICS_"+name, value)
		}
		for _, p := range []Protocol{HTTP, GRPC} {
			named(t, checkEndpoint(p), "ENDPOINT", endpoint)
			if name := (&Options{Protocol: p}).endpointName(); checkEndpoint(p) == nil && strings.Contains(name, "://ann:s3cret@") {
				t.Fatalf("%q is shown as %q", endpoint, name)
			}
		}
		if d, err := (&Options{}).timeout(); err == nil && (d <= 0 || d > 1<<31*time.Millisecond) {
			t.Fatalf("timeout %q is %v", timeout, d)
		} else {
			named(t, err, "TIMEOUT", "")
		}
		_, err := protocolFromEnvironment()
		named(t, err, "PROTOCOL", "")
		if err := checkEnvironment(); err != nil && !strings.Contains(err.Error(), "COMPRESSION") {
			named(t, err, "TEMPORALITY_PREFERENCE", "")
		}
	})
}

// named checks that an error names the variable, and nothing that a URL keeps.
func named(t *testing.T, err error, variable, endpoint string) {
	t.Helper()
	if err == nil {
		return
	}
	if !strings.Contains(err.Error(), variable) {
		t.Fatalf("the error does not name %s: %v", variable, err)
	}
	if u, parseErr := url.Parse(strings.TrimSpace(endpoint)); parseErr == nil && u.User != nil {
		if password, _ := u.User.Password(); len(password) > 5 && strings.Contains(err.Error(), password) && !strings.Contains(u.Host+u.Path, password) {
			t.Fatalf("the error tells the password of %q: %v", endpoint, err)
		}
	}
}
