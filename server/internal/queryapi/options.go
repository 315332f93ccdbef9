package queryapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Options say which server to ask, how to be let in, and how much to take. A
// zero field but URL takes its default.
type Options struct {
	// URL is where the server's API begins: http://host:9090, or with a path such
	// as http://host/prometheus. A user and password in it are sent as basic
	// authentication and never shown.
	URL string
	// BearerTokenFile holds a token, read again for every request.
	BearerTokenFile string
	// CAFile holds certificates of authorities, PEM, trusted beside the system's.
	CAFile string
	// Header is sent with every request, such as a tenant's X-Scope-OrgID. Its
	// values are never shown.
	Header http.Header
	// UserAgent names the asking program.
	UserAgent string

	// Timeout bounds one query. Default 20s.
	Timeout time.Duration
	// Concurrency is how many requests are under way at once. Default 4.
	Concurrency int
	// MaxBytes bounds one answer, decompressed. Default 32 MiB.
	MaxBytes int64
	// MaxSeries bounds the series of one answer. Default 100,000.
	MaxSeries int
	// CacheFor is how long an answer is reused; the present is rounded down to
	// its multiples since the source was made. Default 2s.
	CacheFor time.Duration
	// RateWindow is the range a rate is taken over. By default it follows from how
	// often targets are scraped.
	RateWindow time.Duration
	// OnNotice, if set, is called with each notice when it first appears. It must
	// not block.
	OnNotice func(text string)
	// Transport sends the requests, in tests. CAFile does not apply to it.
	Transport http.RoundTripper
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 32 << 20
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = 100_000
	}
	if o.CacheFor <= 0 {
		o.CacheFor = 2 * time.Second
	}
	if o.UserAgent == "" {
		o.UserAgent = "metertree"
	}
	if o.OnNotice == nil {
		o.OnNotice = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Check reports what is wrong with the options, without asking the server.
func (o Options) Check() error {
	base, err := parseBase(o.URL)
	if err != nil {
		return err
	}
	if base.User != nil && o.BearerTokenFile != "" {
		return errors.New("query address: it has a user and there is a token file too: give one of them")
	}
	if o.BearerTokenFile != "" {
		if _, err := readToken(o.BearerTokenFile); err != nil {
			return err
		}
	}
	if o.CAFile != "" {
		_, err = trusted(o.CAFile)
	}
	return err
}

// parseBase reads the address the API begins at. Its errors do not repeat an
// address, which may hold a password.
func parseBase(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("query address is not a URL: write one such as http://127.0.0.1:9090")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("query address http://%s has parameters: give the address alone, and credentials as user:password@ or in a file", u.Host)
	}
	// People copy the address of a query or of the page.
	path := strings.TrimRight(u.Path, "/")
	for _, tail := range []string{"/api/v1/query_range", "/api/v1/query", "/api/v1", "/graph"} {
		if rest, found := strings.CutSuffix(path, tail); found {
			path = rest
			break
		}
	}
	u.Path, u.RawPath = strings.TrimRight(path, "/"), ""
	return u, nil
}

const maxTokenBytes = 64 << 10

func readToken(file string) (string, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxTokenBytes {
		return "", fmt.Errorf("bearer token file %s has %d bytes: give a file that holds a token alone", file, info.Size())
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("bearer token: %w: check the path and that it can be read", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("bearer token file %s does not hold a token: write it on one line, without spaces", file)
	}
	return token, nil
}

// trusted are the system's authorities and those of a file.
func trusted(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w: check the path and that it can be read", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("certificate authorities: %s holds no certificate: give one or more in PEM form", file)
	}
	return pool, nil
}

// transport connects as the options say.
func (o Options) transport() (http.RoundTripper, error) {
	if o.Transport != nil {
		return o.Transport, nil
	}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		MaxIdleConnsPerHost:   o.Concurrency,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: o.Timeout,
		// Beyond any real server's, far below what would hurt.
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
	if o.CAFile != "" {
		pool, err := trusted(o.CAFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}
