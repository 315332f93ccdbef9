// Package serve assembles the server: it opens a prom.Node, serves its API and
// its own pages over HTTP, reloads the configuration on request and shuts
// everything down in order. A command, or a program that embeds the server,
// calls Run.
package serve

import (
	"log/slog"
	"net/http"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// DefaultListenAddress is where the server listens unless told otherwise: next
// to the library's :2121, and on loopback only, because the API accepts writes
// from whoever reaches it.
const DefaultListenAddress = "127.0.0.1:2122"

// Options describe a server. Storage, Query and Receivers have no defaults here;
// Defaults gives a usable set.
type Options struct {
	// ListenAddress is host:port; port 0 takes a free one.
	ListenAddress string
	// Web says who may reach the listener. Beyond loopback it must.
	Web webconfig.Options
	// ConfigFile is a Prometheus configuration file. It is read again at every
	// reload. Empty means that Scrape says what to scrape.
	ConfigFile string
	// Scrape are the URLs of targets, used when ConfigFile is empty.
	Scrape []string
	// Defaults fill what the configuration leaves unsaid. SelfAddress is set by
	// Run, unless SelfScrape is off.
	Defaults prom.ScrapeDefaults
	// SelfScrape says whether the server scrapes its own metrics.
	SelfScrape SelfScrape

	Storage   prom.StorageOptions
	Query     prom.QueryOptions
	Receivers prom.ReceiverOptions

	// Explorer adds the pages for people, / among them, to the server's own. Nil
	// serves a plain index at /.
	Explorer func(*http.ServeMux, *prom.Node)
	// Metrics are written on /metrics after the server's own, none of whose names
	// they may use.
	Metrics []prom.MetricsWriter
	// OnReady is called once, when the server answers queries, with its URL. It
	// must not block.
	OnReady func(url string)
	// Reload asks for a reload of ConfigFile with each value received.
	Reload <-chan struct{}

	// Version is metertree's own version.
	Version string
	// Flags are shown by the API under status/flags: they must hold no secrets.
	Flags map[string]string
	// Logger gets what the server has to say. Nil discards it.
	Logger *slog.Logger
}

// SelfScrape says whether the server scrapes its own metrics.
type SelfScrape int

// The server scrapes itself unless told not to.
const (
	SelfScrapeOn SelfScrape = iota
	SelfScrapeOff
)

func (o Options) node(address string, self *inside) prom.Options {
	options := prom.Options{
		Storage:       o.Storage,
		Query:         o.Query,
		Receivers:     o.Receivers,
		Logger:        o.Logger,
		Version:       o.Version,
		ListenAddress: address,
		Flags:         o.Flags,
	}
	if self != nil {
		options.DialSelf = self.dial
	}
	return options
}

// config loads the configuration afresh.
func (o Options) config(selfAddress string) (*prom.Config, error) {
	defaults := o.Defaults
	if o.SelfScrape == SelfScrapeOn {
		defaults.SelfAddress = selfAddress
		if o.Web.ConfigFile != "" {
			// It may ask for credentials that only others have.
			defaults.SelfRoute = prom.SelfInside
		}
	}
	if o.ConfigFile != "" {
		return prom.LoadConfig(o.ConfigFile, defaults)
	}
	return prom.ConfigFromURLs(o.Scrape, defaults)
}
