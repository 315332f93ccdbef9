package serve

import (
	"time"

	"github.com/metertree/metertree/server/internal/prom"
)

// Defaults are the options of a server without flags, storing under path.
func Defaults(path string) Options {
	return Options{
		ListenAddress: DefaultListenAddress,
		Defaults: prom.ScrapeDefaults{
			Interval:      5 * time.Second,
			BodySizeLimit: 64 << 20,
			SampleLimit:   500_000,
		},
		Storage: prom.StorageOptions{
			Path:             path,
			Retention:        7 * 24 * time.Hour,
			OutOfOrderWindow: 24 * time.Hour,
			MaxExemplars:     100_000,
		},
		Query: prom.QueryOptions{
			Timeout:        2 * time.Minute,
			MaxSamples:     50_000_000,
			MaxConcurrency: 20,
			LookbackDelta:  5 * time.Minute,
		},
		Receivers: prom.ReceiverOptions{
			MaxRequestBytes: prom.MaxRequestLimit,
			MaxConcurrency:  16,
		},
		Version: "devel",
	}
}
