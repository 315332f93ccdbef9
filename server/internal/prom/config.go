package prom

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/units"
	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/file"             // registers file_sd_configs
	discoveryhttp "github.com/prometheus/prometheus/discovery/http" // registers http_sd_configs
	"github.com/prometheus/prometheus/storage/remote"
)

// SelfJob is the job name under which the server scrapes its own metrics.
const SelfJob = "metertree"

// Config says what to scrape and where to forward. It is made by LoadConfig or
// ConfigFromURLs and is read-only from then on.
type Config struct {
	inner *config.Config
}

// ScrapeDefaults fill what a configuration leaves unsaid.
type ScrapeDefaults struct {
	// Interval between two scrapes of one target; used by ConfigFromURLs only,
	// because a configuration file has its own global interval.
	Interval time.Duration
	// BodySizeLimit is the largest uncompressed response body, in bytes, that a
	// scrape may read. Zero means no limit.
	BodySizeLimit int64
	// SampleLimit is the largest number of samples one scrape may add. Zero
	// means no limit.
	SampleLimit uint
	// SelfAddress, host:port, is the server's own listener, to be scraped as the
	// job "metertree". Empty means that the server does not scrape itself.
	SelfAddress string
	// SelfRoute says how the server scrapes itself.
	SelfRoute SelfRoute
}

// SelfRoute is a way to the server's own metrics.
type SelfRoute int

// The server asks its own address, as everybody does, or by Options.DialSelf
// where that asks for credentials.
const (
	SelfOutside SelfRoute = iota
	SelfInside
)

// LoadConfig reads a Prometheus configuration file. Only the sections global,
// scrape_configs, remote_write and otlp are understood; any other section, and
// any unknown key, is an error that names the file, the line and the remedy.
func LoadConfig(path string, defaults ScrapeDefaults) (*Config, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config file %q cannot be read: %w: check the path given with --config.file", path, pathCause(err))
	}
	if err := checkSections(path, content); err != nil {
		return nil, redactYAML(err)
	}
	cfg, err := config.Load(string(content), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, redactYAML(explainYAML(path, err))
	}
	cfg.SetDirectory(filepath.Dir(path))
	c := &Config{inner: cfg}
	if err := c.complete(defaults); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// complete applies the defaults to every job, adds the server's own job and
// checks what the YAML parser cannot: that the certificates that the HTTP
// clients need are there.
func (c *Config) complete(defaults ScrapeDefaults) error {
	if err := c.addSelf(defaults.SelfAddress, defaults.SelfRoute); err != nil {
		return err
	}
	for _, job := range c.inner.ScrapeConfigs {
		if job.BodySizeLimit == 0 {
			job.BodySizeLimit = units.Base2Bytes(defaults.BodySizeLimit)
		}
		if job.SampleLimit == 0 {
			job.SampleLimit = defaults.SampleLimit
		}
	}
	c.keepHeaders()
	return c.checkClients()
}

// keepHeaders follows no redirect with headers that an operator has set: unlike
// passwords and tokens they would be sent to another host too, and may be keys.
func (c *Config) keepHeaders() {
	keep := func(client *config_util.HTTPClientConfig) {
		if client.HTTPHeaders != nil {
			client.FollowRedirects = false
		}
	}
	for _, job := range c.inner.ScrapeConfigs {
		keep(&job.HTTPClientConfig)
		for _, sd := range job.ServiceDiscoveryConfigs {
			if viaHTTP, ok := sd.(*discoveryhttp.SDConfig); ok {
				keep(&viaHTTP.HTTPClientConfig)
			}
		}
	}
	for _, rw := range c.inner.RemoteWriteConfigs {
		keep(&rw.HTTPClientConfig)
		if len(rw.Headers) > 0 {
			rw.HTTPClientConfig.FollowRedirects = false
		}
	}
}

// addSelf appends the job that scrapes the server's own listener, unless the
// configuration already has a job of that name.
func (c *Config) addSelf(address string, route SelfRoute) error {
	if address == "" {
		return nil
	}
	for _, job := range c.inner.ScrapeConfigs {
		if job.JobName == SelfJob {
			return nil
		}
	}
	job := staticJob(SelfJob, address)
	if route == SelfInside {
		job.ServiceDiscoveryConfigs = discovery.Configs{discovery.StaticConfig{{
			Targets: []model.LabelSet{{model.AddressLabel: selfTarget, model.InstanceLabel: model.LabelValue(address)}},
			Source:  "0",
		}}}
	}
	if err := job.Validate(c.inner.GlobalConfig); err != nil {
		return fmt.Errorf("job %q: %w", SelfJob, err)
	}
	c.inner.ScrapeConfigs = append(c.inner.ScrapeConfigs, job)
	return nil
}

// checkClients builds every HTTP client once, so that a missing certificate is
// found before a running configuration is replaced. A password file is read at
// each scrape instead: a target without its own is down and says so.
func (c *Config) checkClients() error {
	for _, job := range c.inner.ScrapeConfigs {
		client, err := config_util.NewClientFromConfig(job.HTTPClientConfig, job.JobName)
		if err != nil {
			return fmt.Errorf("job %q: HTTP client: %w: correct the TLS or authorization settings", job.JobName, err)
		}
		client.CloseIdleConnections()
	}
	for _, rw := range c.inner.RemoteWriteConfigs {
		if _, err := remote.NewWriteClient(rw.Name, writeClientConfig(rw)); err != nil {
			return fmt.Errorf("remote_write %q: HTTP client: %w: correct the TLS or authorization settings", rw.URL.Redacted(), err)
		}
	}
	return nil
}

func writeClientConfig(rw *config.RemoteWriteConfig) *remote.ClientConfig {
	return &remote.ClientConfig{
		URL:              rw.URL,
		WriteProtoMsg:    rw.ProtobufMessage,
		Timeout:          rw.RemoteTimeout,
		HTTPClientConfig: rw.HTTPClientConfig,
		SigV4Config:      rw.SigV4Config,
		AzureADConfig:    rw.AzureADConfig,
		GoogleIAMConfig:  rw.GoogleIAMConfig,
		Headers:          rw.Headers,
		RetryOnRateLimit: rw.QueueConfig.RetryOnRateLimit,
	}
}

// staticJob is a job with one fixed target and Prometheus's own defaults.
func staticJob(name, address string) *config.ScrapeConfig {
	job := config.DefaultScrapeConfig
	job.JobName = name
	job.ServiceDiscoveryConfigs = discovery.Configs{discovery.StaticConfig{{
		Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(address)}},
		Source:  "0",
	}}}
	return &job
}

// discoveryConfigs gives each job's ways of finding targets, by job name.
func (c *Config) discoveryConfigs() (map[string]discovery.Configs, error) {
	jobs, err := c.inner.GetScrapeConfigs()
	if err != nil {
		return nil, err
	}
	byJob := make(map[string]discovery.Configs, len(jobs))
	for _, job := range jobs {
		byJob[job.JobName] = job.ServiceDiscoveryConfigs
	}
	return byJob, nil
}

// emptyConfig is a loaded configuration without jobs: what runs before the first
// Apply.
func emptyConfig() *Config {
	cfg, err := config.Load("", slog.New(slog.DiscardHandler))
	if err != nil {
		panic(fmt.Sprintf("the empty Prometheus configuration is invalid: %v", err))
	}
	return &Config{inner: cfg}
}

// pathCause strips the operation and path from a file error, since our messages
// name the path themselves.
func pathCause(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
