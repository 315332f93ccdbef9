package merge

import (
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// Settings say how streams are merged. A journal begins with those in force, since
// replaying it under others would lead elsewhere.
type Settings struct {
	// Drop are the labels that tell instances apart.
	Drop []string
	// GaugeFold is how gauges are merged of which nothing is declared.
	GaugeFold metric.Fold
	// Idle is how long a stream may be silent before it is reduced to a
	// fingerprint, and Remember how long that is kept after it.
	Idle, Remember time.Duration
	// Forget is how long a series stays whose streams are all gone.
	Forget time.Duration
	// MaxAge and MaxAhead bound the times of points, seen from the gateway's
	// clock.
	MaxAge, MaxAhead time.Duration
	// Streams and Series bound how many there are at once. There are at most as
	// many fingerprints as streams.
	Streams, Series int
}

// DefaultSettings drop what names an instance in Prometheus, OpenTelemetry and
// Kubernetes.
func DefaultSettings() Settings {
	return Settings{
		Drop:      []string{"instance", "pod", "service_instance_id", "host", "host_name", "hostname", "k8s_pod_name", "process_pid"},
		GaugeFold: metric.FoldLast,
		Idle:      15 * time.Minute,
		Remember:  48 * time.Hour,
		Forget:    48 * time.Hour,
		MaxAge:    24 * time.Hour,
		MaxAhead:  10 * time.Minute,
		Streams:   500_000,
		Series:    100_000,
	}
}

// Check reports the first setting that cannot be.
func (s Settings) Check() error {
	switch {
	case s.Idle <= 0:
		return fmt.Errorf("--gateway.idle=%v is not positive: give a time longer than the longest pause between two pushes, such as 15m", s.Idle)
	case s.Forget < s.Idle:
		return fmt.Errorf("--gateway.forget=%v is shorter than --gateway.idle=%v: a series must outlive its streams", s.Forget, s.Idle)
	case s.MaxAge <= 0 || s.MaxAhead < 0:
		return fmt.Errorf("--gateway.max-age=%v and --gateway.max-ahead=%v: give times such as 24h and 10m", s.MaxAge, s.MaxAhead)
	case s.Remember < s.MaxAge:
		return fmt.Errorf("--gateway.remember=%v is shorter than --gateway.max-age=%v: what may still arrive must be remembered", s.Remember, s.MaxAge)
	case s.Streams <= 0 || s.Series <= 0:
		return fmt.Errorf("--gateway.max-streams=%d and --gateway.max-series=%d: both must be positive", s.Streams, s.Series)
	case s.GaugeFold > metric.FoldLast:
		return fmt.Errorf("unknown fold %v of gauges: use sum, min, max, avg, last or none", s.GaugeFold)
	}
	for _, label := range s.Drop {
		if err := metric.ValidateLabelName(label); err != nil {
			return fmt.Errorf("--gateway.drop-label: %w", err)
		}
	}
	return nil
}

// Equal reports whether both are the same.
func (s Settings) Equal(other Settings) bool {
	drop := slices.Equal(s.Drop, other.Drop)
	s.Drop, other.Drop = nil, nil
	return drop && fmt.Sprint(s) == fmt.Sprint(other)
}
