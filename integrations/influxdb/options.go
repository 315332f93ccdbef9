package influxdb

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// What the zero fields of Options mean.
const (
	// DefaultMaxBytes is the size of requests before they are compressed.
	DefaultMaxBytes = 1 << 20
	// DefaultTimeout bounds an attempt to write one request.
	DefaultTimeout = 10 * time.Second
)

// Precision is the unit of timestamps.
type Precision uint8

// The units that every version knows.
const (
	Nanoseconds Precision = iota
	Microseconds
	Milliseconds
	Seconds
)

// precisions are the names that the versions give to units.
var precisions = [...]struct {
	unit       time.Duration
	v1, v2, v3 string
}{
	Nanoseconds:  {time.Nanosecond, "ns", "ns", "nanosecond"},
	Microseconds: {time.Microsecond, "u", "us", "microsecond"},
	Milliseconds: {time.Millisecond, "ms", "ms", "millisecond"},
	Seconds:      {time.Second, "s", "s", "second"},
}

// Buckets says how the buckets of histograms are written.
type Buckets uint8

const (
	// BucketFields are fields of the histogram's point.
	BucketFields Buckets = iota
	// BucketTags are points of their own, told apart by the tag le.
	BucketTags
)

// Compression is the coding of requests.
type Compression uint8

const (
	// Gzip compresses requests.
	Gzip Compression = iota
	// Uncompressed is for what takes no compressed requests.
	Uncompressed
)

// Options configure an Exporter; the zero value is useful.
type Options struct {
	// Measurement, if it is not empty, holds all metrics as its fields. Without
	// it each metric is a measurement.
	Measurement string
	// Tags are added to every point, unless it has a label of the name.
	Tags map[string]string
	// Buckets says how the buckets of histograms are written.
	Buckets Buckets
	// Precision is the unit to which timestamps are cut. Collections less than
	// a unit apart replace each other.
	Precision Precision
	// MaxBytes bounds requests before they are compressed, unless a single point
	// takes more; 0 means DefaultMaxBytes.
	MaxBytes int
	// Compression is Gzip unless it says otherwise.
	Compression Compression
	// Retry says how a request is repeated that may succeed later.
	Retry export.Retry
	// Timeout bounds each attempt; 0 means DefaultTimeout.
	Timeout time.Duration
	// Header is sent with every request, for gateways that ask for more.
	Header http.Header
	// Client makes the requests, with certificates and proxies of your choice;
	// nil means one of the exporter's own. Its redirect policy is not used: only
	// redirects within a host that keep the request as it is are followed.
	Client *http.Client
}

// complete returns the options with their defaults, or what is wrong.
func (o Options) complete() (Options, error) {
	switch {
	case int(o.Precision) >= len(precisions):
		return o, fmt.Errorf("influxdb options: unknown Precision %d: use one of the constants", o.Precision)
	case o.Buckets > BucketTags:
		return o, fmt.Errorf("influxdb options: unknown Buckets %d: use BucketFields or BucketTags", o.Buckets)
	case o.Compression > Uncompressed:
		return o, fmt.Errorf("influxdb options: unknown Compression %d: use Gzip or Uncompressed", o.Compression)
	case o.MaxBytes < 0:
		return o, fmt.Errorf("influxdb options: MaxBytes is %d: give a size, or 0 for the default", o.MaxBytes)
	case o.Timeout < 0:
		return o, fmt.Errorf("influxdb options: Timeout is %v: give a positive duration, or 0 for the default", o.Timeout)
	}
	if o.Measurement != "" {
		if err := metric.ValidateName(o.Measurement); err != nil {
			return o, fmt.Errorf("influxdb options: Measurement: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Tags)) {
		if err := metric.ValidateLabelName(name); err != nil {
			return o, fmt.Errorf("influxdb options: Tags: %w", err)
		}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.Header = o.Header.Clone()
	return o, nil
}
