package remotewrite

import (
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/metric"
)

// What the zero fields of Options mean.
const (
	// DefaultShards is how many requests may be under way at once.
	DefaultShards = 4
	// DefaultMaxSamples is how many samples a request holds at most.
	DefaultMaxSamples = 2000
	// DefaultMaxBytes is roughly how large a request becomes before it is
	// compressed.
	DefaultMaxBytes = 1 << 20
	// DefaultTimeout bounds an attempt to write one request.
	DefaultTimeout = 10 * time.Second
)

// Version is a version of the protocol.
type Version uint8

const (
	// Negotiate begins with Version2 and stays with Version1 once the receiver
	// shows that it knows no other.
	Negotiate Version = iota
	// Version1 is remote write 1.0.
	Version1
	// Version2 is remote write 2.0, with metadata, start times and exemplars
	// beside every series, and an answer that says what was written.
	Version2
)

// String returns "negotiated", "1.0" or "2.0".
func (v Version) String() string {
	switch v {
	case Negotiate:
		return "negotiated"
	case Version1:
		return "1.0"
	case Version2:
		return "2.0"
	}
	return fmt.Sprintf("version(%d)", uint8(v))
}

// Histograms says how exponential histograms are written.
type Histograms uint8

const (
	// Classic writes them as series of buckets, whose bounds are powers of two.
	Classic Histograms = iota
	// Native writes them as native histograms, which the receiver must take. A
	// series that is too coarse for one is written as Classic.
	Native
)

// Options configure an Exporter; the zero value is useful.
type Options struct {
	// Version is Negotiate unless it says otherwise.
	Version Version
	// Histograms says how exponential histograms are written; those with explicit
	// bounds are series of buckets always.
	Histograms Histograms
	// ExternalLabels are added to every series, unless it has a label of the
	// name. A receiver of several processes needs some that tell them apart, such
	// as job and instance.
	ExternalLabels map[string]string
	// MarkStaleAtShutdown ends all series when the exporter is shut down, so that
	// queries stop showing them at once. Leave it out if another process goes on
	// with the same series.
	MarkStaleAtShutdown bool
	// Shards is how many requests may be under way at once; 0 means
	// DefaultShards. The samples of a series are written in their order all the
	// same. A batch that fits into fewer requests takes fewer.
	Shards int
	// MaxSamples bounds the samples of a request; 0 means DefaultMaxSamples.
	MaxSamples int
	// MaxBytes bounds, roughly, the size of a request before it is compressed; 0
	// means DefaultMaxBytes. A batch takes about 2 × Shards times as much memory.
	MaxBytes int
	// Retry says how a request is repeated that may succeed later.
	Retry export.Retry
	// Timeout bounds each attempt; 0 means DefaultTimeout.
	Timeout time.Duration
	// Header is sent with every request, such as X-Scope-OrgID; headers that the
	// protocol has are not for it.
	Header http.Header
	// Client makes the requests, with certificates, proxies and credentials of
	// your choice: see BasicAuth and BearerToken. nil means one of the exporter's
	// own. Its redirect policy is not used: only redirects within a host that
	// keep the request as it is are followed.
	Client *http.Client
}

// ours are the headers that the protocol has.
var ours = []string{"Content-Encoding", "Content-Type", "User-Agent", versionHeader}

// complete returns the options with their defaults, or what is wrong.
func (o Options) complete() (Options, error) {
	switch {
	case o.Version > Version2:
		return o, fmt.Errorf("remote write options: unknown Version %d: use one of the constants", o.Version)
	case o.Histograms > Native:
		return o, fmt.Errorf("remote write options: unknown Histograms %d: use Classic or Native", o.Histograms)
	case o.Timeout < 0:
		return o, fmt.Errorf("remote write options: Timeout is %v: give a positive duration, or 0 for the default", o.Timeout)
	}
	for name := range o.Header {
		if slices.Contains(ours, textproto.CanonicalMIMEHeaderKey(name)) {
			return o, fmt.Errorf("remote write options: Header has %s, which the protocol sets: leave it out", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.ExternalLabels)) {
		if err := metric.ValidateLabelName(name); err != nil {
			return o, fmt.Errorf("remote write options: ExternalLabels: %w", err)
		}
		if name == bucketLabel {
			return o, fmt.Errorf("remote write options: ExternalLabels has %q, which tells buckets apart: choose another name", name)
		}
	}
	for _, number := range []struct {
		name     string
		value    *int
		fallback int
	}{
		{"Shards", &o.Shards, DefaultShards},
		{"MaxSamples", &o.MaxSamples, DefaultMaxSamples},
		{"MaxBytes", &o.MaxBytes, DefaultMaxBytes},
	} {
		if *number.value < 0 {
			return o, fmt.Errorf("remote write options: %s is %d: give a positive number, or 0 for the default", number.name, *number.value)
		}
		if *number.value == 0 {
			*number.value = number.fallback
		}
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.Header = o.Header.Clone()
	return o, nil
}

// parseAddress reads the address to write to.
func parseAddress(address string) (*url.URL, error) {
	to, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("remote write address cannot be parsed: give one such as http://localhost:9090/api/v1/write")
	case to.Scheme != "http" && to.Scheme != "https" || to.Host == "":
		return nil, fmt.Errorf("remote write address %q is none to write to: give one such as http://localhost:9090/api/v1/write", push.BareAddress(to))
	case to.User != nil:
		return nil, fmt.Errorf("remote write address %q has a user: give it to BasicAuth", push.BareAddress(to))
	}
	return to, nil
}
