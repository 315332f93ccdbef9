package metertree

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/metric"
)

const (
	// DefaultListen is where metrics are served if Config.Listen is empty.
	DefaultListen = ":2121"
	// NoListener as Config.Listen serves nothing: use Runtime.Handler.
	NoListener = "-"
	// DefaultGrace is how long requests may go on after Close if Config.Grace is
	// 0.
	DefaultGrace = 3 * time.Second
)

// Config says how to start; the zero value is useful.
type Config struct {
	// Service names the program for people; empty means the name of its file. It
	// is shown by the pages and by metertree_build_info, and is no label of other
	// metrics: the scraper knows what it scrapes.
	Service string
	// Listen is the address to serve on; empty means DefaultListen, which is
	// every interface. NoListener serves nothing, and neither does a build with
	// the tag metertree_off.
	Listen string
	// Profiling serves /debug/pprof/, which shows the inside of the program and
	// can slow it down: to clients on this machine, unless
	// Security.RemoteProfiling says otherwise.
	Profiling bool
	// Security says who may reach what is served, and how.
	Security Security
	// Logger receives what goes wrong; nil logs nothing.
	Logger *slog.Logger
	// SeriesBudget is how many label sets each metric may have before further
	// ones are merged; 0 means registry.DefaultSeriesBudget.
	SeriesBudget int
	// Labels are constant labels of every metric made through Runtime.Scope, and
	// of the runtime's and the process's.
	Labels map[string]string
	// Grace is how long requests and last exports may go on after Close or the
	// end of Start's context; 0 means DefaultGrace.
	Grace time.Duration
	// Admission says which definitions are taken and what bounds their values;
	// the zero value takes all, and shows no tenants.
	Admission admission.Options
	// Views change what is kept of metrics and what /metrics shows of them. The
	// latter can be replaced later: see Runtime.ReplaceViews.
	Views []integrate.View
	// Exposition configures /metrics beyond its defaults. Its Logger is Logger.
	Exposition prometheus.Options
	// Exporters are what metrics are pushed to, every Period; 0 means
	// control.DefaultPeriod.
	Exporters []Exporter
	Period    time.Duration
}

// Exporter is where metrics are pushed to.
type Exporter struct {
	// Name tells exporters apart in metrics, errors and logs.
	Name     string
	Exporter export.Exporter
	// Temporality, Grouping and Views say what the exporter is given; the zero
	// values give it totals of every series. Views can only derive from what is
	// kept, which Config.Views decides.
	Temporality metric.Temporality
	Grouping    integrate.Grouping
	Views       []integrate.View
}

// complete fills in defaults and reports what is invalid.
func (c *Config) complete() error {
	if c.Service == "" && len(os.Args) > 0 {
		c.Service = filepath.Base(os.Args[0])
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.SeriesBudget < 0 {
		return fmt.Errorf("Config.SeriesBudget is %d: give a number of series, or 0 for the default", c.SeriesBudget)
	}
	if err := c.Security.check(); err != nil {
		return err
	}
	if c.Grace < 0 {
		return fmt.Errorf("Config.Grace is %v: give a positive duration, or 0 for %v", c.Grace, DefaultGrace)
	}
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	c.Labels = maps.Clone(c.Labels)
	for name := range c.Labels {
		if err := metric.ValidateLabelName(name); err != nil {
			return fmt.Errorf("Config.Labels: %w", err)
		}
	}
	return nil
}

// labels returns the constant labels, sorted by name.
func (c *Config) labels() metric.Labels {
	labels := make(metric.Labels, 0, len(c.Labels))
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		labels = append(labels, metric.Label{Name: name, Value: c.Labels[name]})
	}
	return labels
}
