package prom

import (
	"net/url"
	"slices"
	"strings"

	"github.com/metertree/metertree/server/internal/redact"
	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/http"
)

// redacted is a copy for display. Prometheus hides what it types as a secret;
// the rest, where operators put credentials nevertheless, is hidden here: the
// headers of scrapes and of remote_write, the user part of a URL, and parameters
// whose name says that they are secret, with the labels that stand for them.
// Sections that metertree does not use are left out, since their defaults would
// mislead.
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
	shown.HTTPClientConfig = redactClient(job.HTTPClientConfig)
	if job.Params != nil {
		shown.Params = make(url.Values, len(job.Params))
		for name, values := range job.Params {
			if redact.Named(name) {
				values = []string{redact.Hidden}
			}
			shown.Params[name] = values
		}
	}
	shown.ServiceDiscoveryConfigs = make(discovery.Configs, len(job.ServiceDiscoveryConfigs))
	for i, sd := range job.ServiceDiscoveryConfigs {
		if viaHTTP, ok := sd.(*http.SDConfig); ok {
			copied := *viaHTTP
			copied.URL = redactURL(viaHTTP.URL)
			copied.HTTPClientConfig = redactClient(copied.HTTPClientConfig)
			sd = &copied
		}
		if static, ok := sd.(discovery.StaticConfig); ok {
			sd = redactStatic(static)
		}
		shown.ServiceDiscoveryConfigs[i] = sd
	}
	return &shown
}

func redactRemoteWrite(rw *config.RemoteWriteConfig) *config.RemoteWriteConfig {
	shown := *rw
	shown.HTTPClientConfig = redactClient(rw.HTTPClientConfig)
	if rw.URL != nil {
		shown.URL = &config_util.URL{URL: redactQuery(rw.URL.URL)}
	}
	if len(rw.Headers) > 0 {
		shown.Headers = make(map[string]string, len(rw.Headers))
		for name := range rw.Headers {
			shown.Headers[name] = redact.Hidden
		}
	}
	return &shown
}

// redactClient hides what may be secret without being typed so.
func redactClient(c config_util.HTTPClientConfig) config_util.HTTPClientConfig {
	if c.HTTPHeaders != nil {
		headers := config_util.Headers{Headers: make(map[string]config_util.Header, len(c.HTTPHeaders.Headers))}
		for name, header := range c.HTTPHeaders.Headers {
			header.Values = slices.Repeat([]string{redact.Hidden}, len(header.Values))
			headers.Headers[name] = header
		}
		c.HTTPHeaders = &headers
	}
	if c.OAuth2 != nil {
		oauth := *c.OAuth2
		oauth.TokenURL = redact.Text(oauth.TokenURL)
		oauth.EndpointParams = make(map[string]string, len(c.OAuth2.EndpointParams))
		for name, value := range c.OAuth2.EndpointParams {
			if redact.Named(name) {
				value = redact.Hidden
			}
			oauth.EndpointParams[name] = value
		}
		c.OAuth2 = &oauth
	}
	return c
}

// redactStatic hides the labels that stand for secret parameters.
func redactStatic(groups discovery.StaticConfig) discovery.StaticConfig {
	shown := make(discovery.StaticConfig, len(groups))
	for i, group := range groups {
		copied := *group
		copied.Labels = group.Labels.Clone()
		for name := range copied.Labels {
			parameter, is := strings.CutPrefix(string(name), model.ParamLabelPrefix)
			if is && redact.Named(parameter) {
				copied.Labels[name] = redact.Hidden
			}
		}
		shown[i] = &copied
	}
	return shown
}

// redactQuery hides the secret parameters of a URL.
func redactQuery(u *url.URL) *url.URL {
	shown := *u
	query := shown.Query()
	for name := range query {
		if redact.Named(name) {
			query.Set(name, redact.Hidden)
			shown.RawQuery = query.Encode()
		}
	}
	return &shown
}
