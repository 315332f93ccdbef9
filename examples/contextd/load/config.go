// Package load makes synthetic traffic for a context service: several tenants of
// different weight whose rates rise and fall like those of a day, through real
// HTTP requests at a bounded rate.
package load

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/metertree/metertree/meter"
)

// Tenant is an account that makes requests.
type Tenant struct {
	// Account is its name in the service.
	Account string
	// Weight is its share of the rate, relative to the other tenants' weights.
	Weight float64
}

// DemoTenants are those of contextd.DemoAccounts.
func DemoTenants() []Tenant {
	return []Tenant{{"aurora", 5}, {"borealis", 3}, {"cascade", 2}, {"dune", 1}}
}

// What a Config's zero fields mean.
const (
	DefaultRate        = 120
	DefaultPeriod      = 3 * time.Minute
	DefaultAmplitude   = 0.4
	DefaultConcurrency = 32
	DefaultDocuments   = 100
	DefaultTimeout     = 5 * time.Second
)

// Config describes the traffic. BaseURL is required.
type Config struct {
	// BaseURL is where the service is, such as http://127.0.0.1:8080.
	BaseURL string
	// Rate is the mean number of requests per second of all tenants together.
	Rate float64
	// Tenants make the requests; none means DemoTenants.
	Tenants []Tenant
	// Period is how long the wave of each tenant's rate is.
	Period time.Duration
	// Amplitude is how far the wave departs from the mean, as a share of it, at
	// most 1; negative means not at all.
	Amplitude float64
	// Concurrency bounds the requests under way. A request that finds no room is
	// not made, and counted.
	Concurrency int
	// Documents is how many different documents each tenant has.
	Documents int
	// Timeout bounds each request.
	Timeout time.Duration
	// Seed starts the random sequence.
	Seed uint64
	// Client makes the requests; nil means one that keeps enough connections.
	Client *http.Client
	// Scope gets load_requests_total, load_dropped_total and the metrics of an HTTP
	// client.
	Scope meter.Scope
}

// complete returns the configuration with its defaults, or what is wrong with it.
func (c Config) complete() (Config, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return c, fmt.Errorf("load config: BaseURL %q: give one such as http://127.0.0.1:8080", c.BaseURL)
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if len(c.Tenants) == 0 {
		c.Tenants = DemoTenants()
	}
	c.Rate = orDefault(c.Rate, DefaultRate)
	c.Period = orDefault(c.Period, DefaultPeriod)
	c.Amplitude = max(orDefault(c.Amplitude, DefaultAmplitude), 0)
	c.Concurrency = orDefault(c.Concurrency, DefaultConcurrency)
	c.Documents = orDefault(c.Documents, DefaultDocuments)
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	switch {
	case !(c.Rate > 0 && c.Rate <= MaxRate):
		return c, fmt.Errorf("load config: Rate %v: give requests per second above 0, at most %d", c.Rate, MaxRate)
	case c.Period < 0 || c.Concurrency < 0 || c.Documents < 0 || c.Timeout < 0:
		return c, fmt.Errorf("load config: Period %v, Concurrency %d, Documents %d, Timeout %v: give positive values, or 0 for the defaults",
			c.Period, c.Concurrency, c.Documents, c.Timeout)
	case !(c.Amplitude <= 1):
		return c, fmt.Errorf("load config: Amplitude %v: give a share from 0 to 1", c.Amplitude)
	}
	if c.Client == nil {
		c.Client = newClient(c.Concurrency)
	}
	return c, c.checkTenants()
}

// MaxRate is the largest rate that can be asked for.
const MaxRate = 10_000

func (c Config) checkTenants() error {
	known := map[string]bool{}
	for _, t := range c.Tenants {
		switch {
		case t.Account == "":
			return errors.New("load config: a tenant has no account: name it")
		case !(t.Weight > 0):
			return fmt.Errorf("load config: tenant %q has weight %v: give a weight above 0", t.Account, t.Weight)
		case known[t.Account]:
			return fmt.Errorf("load config: tenant %q is given twice: name each once", t.Account)
		}
		known[t.Account] = true
	}
	return nil
}

// newClient keeps a connection for each request that may be under way.
func newClient(concurrency int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns = concurrency
	transport.MaxIdleConnsPerHost = concurrency
	return &http.Client{Transport: transport}
}

func orDefault[N int | float64 | time.Duration](value, fallback N) N {
	if value == 0 {
		return fallback
	}
	return value
}
