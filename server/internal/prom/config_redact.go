package prom

import (
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/http"
)

// hidden stands where a secret was; it is the word that Prometheus uses.
const hidden = "<secret>"

// redacted is a copy for display. Prometheus hides what it types as a secret;
// the rest, where operators put credentials nevertheless, is hidden here: the
// headers of remote_write, the user part of a discovery URL, and parameters
// whose name says that they are secret. Sections that metertree does not use are
// left out, since their defaults would mislead.
func (c *Config) redacted() config.Config {
	shown := *c.inner
	shown.Runtime = config.RuntimeConfig{}
	shown.StorageConfig = config.StorageConfig{}
	shown.ScrapeConfigs = make([]*config.ScrapeConfig, len(c.inner.ScrapeConfigs))
	for i, job := range c.inner.ScrapeConfigs {
		shown.ScrapeConfigs[i] = redactJob(job)
	}
	shown.RemoteWriteConfigs = make([]*config.RemoteWriteConfig, len(c.inner.RemoteWriteConfigs))
	for i, rw := range c.inner.RemoteWriteConfigs {
		shown.RemoteWriteConfigs[i] = redactRemoteWrite(rw)
	}
	return shown
}

func redactJob(job *config.ScrapeConfig) *config.ScrapeConfig {
	shown := *job
	if job.Params != nil {
		shown.Params = make(url.Values, len(job.Params))
		for name, values := range job.Params {
			if soundsSecret(name) {
				values = []string{hidden}
			}
			shown.Params[name] = values
		}
	}
	shown.ServiceDiscoveryConfigs = make(discovery.Configs, len(job.ServiceDiscoveryConfigs))
	for i, sd := range job.ServiceDiscoveryConfigs {
		if viaHTTP, ok := sd.(*http.SDConfig); ok {
			copied := *viaHTTP
			copied.URL = redactURL(viaHTTP.URL)
			sd = &copied
		}
		shown.ServiceDiscoveryConfigs[i] = sd
	}
	return &shown
}

func redactRemoteWrite(rw *config.RemoteWriteConfig) *config.RemoteWriteConfig {
	shown := *rw
	if len(rw.Headers) > 0 {
		shown.Headers = make(map[string]string, len(rw.Headers))
		for name := range rw.Headers {
			shown.Headers[name] = hidden
		}
	}
	return &shown
}

func soundsSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"token", "secret", "password", "passwd", "auth", "key"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}
