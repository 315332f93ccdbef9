package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/metertree/metertree/server/internal/explorer"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/queryapi"
	"github.com/metertree/metertree/server/internal/serve"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// ServeCmd runs the server until it is interrupted.
type ServeCmd struct {
	ConfigFile string   `name:"config.file" aliases:"config" xor:"targets" placeholder:"FILE" help:"Prometheus configuration file: global, scrape_configs, remote_write, otlp."`
	Scrape     []string `name:"scrape" xor:"targets" sep:"none" placeholder:"URL" help:"Scrape this URL. Repeatable."`
	QueryURLFlags

	ScrapeInterval      Duration `name:"scrape.interval" default:"5s" placeholder:"DURATION" help:"Time between scrapes of a --scrape URL (${default})."`
	ScrapeBodySizeLimit ByteSize `name:"scrape.body-size-limit" default:"64MB" placeholder:"SIZE" help:"Fail a scrape whose uncompressed body is larger, unless its job sets a limit; 0B is no limit (${default})."`
	ScrapeSampleLimit   uint     `name:"scrape.sample-limit" default:"500000" placeholder:"N" help:"Fail a scrape with more samples, unless its job sets a limit; 0 is no limit (${default})."`
	ScrapeSelf          bool     `name:"scrape.self" default:"true" negatable:"" help:"Scrape the server's own metrics, as the job metertree."`

	StoragePath         string   `name:"storage.path" default:"metertree-data" placeholder:"DIR" help:"Directory of the database (${default})."`
	StorageRetention    Duration `name:"storage.retention" default:"7d" placeholder:"DURATION" help:"How long samples are kept (${default})."`
	StorageOutOfOrder   Duration `name:"storage.out-of-order-window" default:"1d" placeholder:"DURATION" help:"How much older than its series' newest a sample may be (${default})."`
	StorageMaxExemplars int64    `name:"storage.max-exemplars" default:"100000" placeholder:"N" help:"Exemplars kept in memory; 0 keeps none (${default})."`

	MemoryLimit         ByteSize `name:"memory-limit" default:"0B" placeholder:"SIZE" help:"Refuse new series, and shrink what queries may hold, before the process needs more than this; 0B takes GOMEMLIMIT, if it is set."`
	QueryTimeout        Duration `name:"query.timeout" default:"2m" placeholder:"DURATION" help:"Abort a query after this time (${default})."`
	QueryMaxSamples     int      `name:"query.max-samples" default:"50000000" placeholder:"N" help:"Samples that one query may hold in memory (${default})."`
	QueryMaxConcurrency int      `name:"query.max-concurrency" default:"20" placeholder:"N" help:"Queries that run at once (${default})."`
	QueryLookbackDelta  Duration `name:"query.lookback-delta" default:"5m" placeholder:"DURATION" help:"How old a series' last sample may be to count as its present value (${default})."`

	WebListenAddress       string   `name:"web.listen-address" default:"${listen}" placeholder:"HOST:PORT" help:"Listen here (${default}). Beyond loopback, those who write need credentials: see --web.push-token-file and --web.config.file."`
	WebMaxWriteSize        ByteSize `name:"web.max-write-size" default:"32MB" placeholder:"SIZE" help:"Largest remote write or OTLP request, uncompressed; at most 32MB (${default})."`
	WebMaxWriteConcurrency int      `name:"web.max-write-concurrency" default:"16" placeholder:"N" help:"Remote write and OTLP requests in work at once (${default})."`

	WebFlags
	LogFlags
}

// WebFlags say who may reach a listener.
type WebFlags struct {
	WebConfigFile      string   `name:"web.config.file" type:"path" placeholder:"FILE" help:"TLS, client certificates and users with passwords, in the format of Prometheus and its exporters; read again as it changes."`
	WebPushTokenFile   string   `name:"web.push-token-file" type:"path" placeholder:"FILE" help:"Let only those push and reload who send one of the bearer tokens in this file, one on each line, or who authenticate as --web.config.file says; read again as it changes."`
	WebAllowHost       []string `name:"web.allow-host" sep:"," placeholder:"NAME" help:"A name under which the server is reached, such as a proxy's. Repeatable. With one, and on loopback always, requests for other names are refused; addresses and localhost are not."`
	WebAnonymousWrites bool     `name:"web.allow-anonymous-writes" help:"Let whoever reaches an address beyond loopback write, without credentials."`
}

func (f WebFlags) web() webconfig.Options {
	return webconfig.Options{
		ConfigFile:      f.WebConfigFile,
		TokenFile:       f.WebPushTokenFile,
		Hosts:           f.WebAllowHost,
		AnonymousWrites: f.WebAnonymousWrites,
	}
}

// Help is the detail that --help shows.
func (ServeCmd) Help() string {
	return `One exporter, and the page at http://` + serve.DefaultListenAddress + `/:

  metertree serve --scrape http://127.0.0.1:9100/metrics

Several, one with a password and a path of its own:

  metertree serve --scrape 127.0.0.1:9100 --scrape https://me:secret@example.org/app/metrics

A Prometheus configuration file, read again on SIGHUP or POST /-/reload:

  metertree serve --config.file prometheus.yml --storage.path /var/lib/metertree

Query it, as Grafana would:

  curl 'http://` + serve.DefaultListenAddress + `/api/v1/query?query=up'

Store nothing, and show what another server stores:

  metertree serve --query-url http://prometheus:9090

Push to it: Prometheus remote write goes to /api/v1/write, OTLP over HTTP to /api/v1/otlp/v1/metrics.

Be reached by other machines, by TLS, and written to by those who have a token:

  metertree serve --web.listen-address :2122 --web.config.file web.yml --web.push-token-file tokens`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *ServeCmd) Validate() error {
	if err := (prom.Options{Storage: c.storage(), Query: c.query(), Receivers: c.receivers()}).Check(); err != nil {
		return err
	}
	if _, err := prom.ConfigFromURLs(c.Scrape, c.defaults()); err != nil {
		return err
	}
	return c.check()
}

// Run implements the command.
func (c *ServeCmd) Run(ctx context.Context, streams Streams, command *kong.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second interrupt, during a slow shutdown, ends the process at once.
	context.AfterFunc(ctx, stop)

	if c.MemoryLimit > 0 {
		debug.SetMemoryLimit(int64(c.MemoryLimit))
	}
	ready := func(url string) { fmt.Fprintf(streams.Out, "metertree is ready at %s\n", url) }
	if c.remote() {
		return c.view(ctx, c.logger(streams.Err), ready)
	}
	options := c.serveOptions()
	options.Reload = reloadSignals(ctx)
	options.Flags = shownFlags(command)
	options.Logger = c.logger(streams.Err)
	options.OnReady = ready
	return serve.Run(ctx, options)
}

// view shows what another server stores.
func (c *ServeCmd) view(ctx context.Context, logger *slog.Logger, ready func(url string)) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	options.Timeout = min(time.Duration(c.QueryTimeout), maxRemoteTimeout)
	options.OnNotice = func(text string) { logger.Warn("what is shown is incomplete", "why", text) }
	remote, err := queryapi.New(options)
	if err != nil {
		return err
	}
	defer remote.Close()
	logger.Info("showing what another server stores", "url", remote.Name())
	return serve.View(ctx, serve.ViewOptions{
		ListenAddress: c.WebListenAddress,
		Web:           c.web(),
		Pages:         func(mux *http.ServeMux) { explorer.Mount(mux, remote) },
		OnReady:       ready,
		Version:       Version(),
		Logger:        logger,
	})
}

// maxRemoteTimeout is how long a remote may take for one query, below what the
// pages wait for.
const maxRemoteTimeout = 20 * time.Second

func (c *ServeCmd) serveOptions() serve.Options {
	options := serve.Options{
		ListenAddress: c.WebListenAddress,
		Web:           c.web(),
		ConfigFile:    c.ConfigFile,
		Scrape:        c.Scrape,
		Defaults:      c.defaults(),
		Storage:       c.storage(),
		Query:         c.query(),
		Receivers:     c.receivers(),
		Explorer:      mountExplorer,
		Version:       Version(),
	}
	if !c.ScrapeSelf {
		options.SelfScrape = serve.SelfScrapeOff
	}
	return options
}

func (c *ServeCmd) defaults() prom.ScrapeDefaults {
	return prom.ScrapeDefaults{
		Interval:      time.Duration(c.ScrapeInterval),
		BodySizeLimit: int64(c.ScrapeBodySizeLimit),
		SampleLimit:   c.ScrapeSampleLimit,
	}
}

func (c *ServeCmd) storage() prom.StorageOptions {
	return prom.StorageOptions{
		Path:             c.StoragePath,
		Retention:        time.Duration(c.StorageRetention),
		OutOfOrderWindow: time.Duration(c.StorageOutOfOrder),
		MaxExemplars:     c.StorageMaxExemplars,
	}
}

func (c *ServeCmd) query() prom.QueryOptions {
	return prom.QueryOptions{
		Timeout:        time.Duration(c.QueryTimeout),
		MaxSamples:     c.QueryMaxSamples,
		MaxConcurrency: c.QueryMaxConcurrency,
		LookbackDelta:  time.Duration(c.QueryLookbackDelta),
	}
}

func (c *ServeCmd) receivers() prom.ReceiverOptions {
	return prom.ReceiverOptions{
		MaxRequestBytes: int64(c.WebMaxWriteSize),
		MaxConcurrency:  c.WebMaxWriteConcurrency,
	}
}

// reloadSignals sends a value for each SIGHUP until the context ends.
func reloadSignals(ctx context.Context) <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	reloads := make(chan struct{})
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				select {
				case reloads <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return reloads
}

// shownFlags are the flags in force, for the API to show. URLs to scrape may
// hold passwords, so only their number is shown.
func shownFlags(command *kong.Context) map[string]string {
	shown := make(map[string]string)
	for _, flag := range command.Flags() {
		if flag.Name == "help" {
			continue
		}
		value := command.FlagValue(flag)
		if flag.Name == "query-url" {
			continue // may hold a password, and is never in force here
		}
		switch v := value.(type) {
		case []string:
			shown[flag.Name] = strconv.Itoa(len(v)) + " given"
		default:
			shown[flag.Name] = strings.TrimSpace(fmt.Sprint(v))
		}
	}
	return shown
}
