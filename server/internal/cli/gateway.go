package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway"
)

// GatewayCmd merges what many processes push, until it is interrupted.
type GatewayCmd struct {
	DropLabel     []string `name:"gateway.drop-label" sep:"," placeholder:"NAME" help:"Merge over this label or resource attribute, such as region. Repeatable; adds to the ones that name an instance."`
	KeepLabel     []string `name:"gateway.keep-label" sep:"," placeholder:"NAME" help:"Do not merge over this label, although it is dropped by default. Repeatable."`
	Promote       []string `name:"gateway.promote-attribute" sep:"," placeholder:"NAME" help:"Show this attribute of OpenTelemetry resources as a label, such as deployment.environment.name. Repeatable."`
	GaugeFold     string   `name:"gateway.gauge-fold" enum:"last,sum,min,max,avg,none" default:"last" placeholder:"FOLD" help:"How gauges are merged of which nothing is declared: ${enum} (${default})."`
	Durability    string   `name:"gateway.durability" enum:"disk,process,shutdown" default:"disk" placeholder:"LEVEL" help:"What an acknowledged push outlives: disk, a power failure; process, a kill of the gateway; shutdown, nothing but an orderly end (${default})."`
	Idle          Duration `name:"gateway.idle" default:"15m" placeholder:"DURATION" help:"Reduce a stream to a fingerprint that was silent for so long; longer than the longest pause between two pushes (${default})."`
	Remember      Duration `name:"gateway.remember" default:"2d" placeholder:"DURATION" help:"How long a fingerprint is kept, from which a stream that returns goes on (${default})."`
	Forget        Duration `name:"gateway.forget" default:"2d" placeholder:"DURATION" help:"Drop a merged series to which nobody adds for so long (${default})."`
	MaxAge        Duration `name:"gateway.max-age" default:"1d" placeholder:"DURATION" help:"Refuse points that are older (${default})."`
	MaxAhead      Duration `name:"gateway.max-ahead" default:"10m" placeholder:"DURATION" help:"Refuse points whose clock is further ahead (${default})."`
	MaxStreams    int      `name:"gateway.max-streams" default:"500000" placeholder:"N" help:"Streams that are followed at once (${default})."`
	MaxSeries     int      `name:"gateway.max-series" default:"100000" placeholder:"N" help:"Series after merging (${default})."`
	MaxPoints     int      `name:"gateway.max-points" default:"100000" placeholder:"N" help:"Points in one push (${default})."`
	MaxPushSize   ByteSize `name:"gateway.max-push-size" default:"16MB" placeholder:"SIZE" help:"Largest push, uncompressed; at most 64MB (${default})."`
	MaxConcurrent int      `name:"gateway.max-concurrency" default:"8" placeholder:"N" help:"Pushes in work at once; with the sizes above this bounds memory (${default})."`

	StoragePath      string `name:"storage.path" default:"metertree-gateway-data" placeholder:"DIR" help:"Directory of the snapshot and the journal (${default})."`
	WebListenAddress string `name:"web.listen-address" default:"127.0.0.1:9091" placeholder:"HOST:PORT" help:"Listen here (${default}). Beyond loopback, those who push need credentials: see --web.push-token-file and --web.config.file."`
	WebFlags

	LogFlags
}

// Help is the detail that --help shows.
func (GatewayCmd) Help() string {
	const at = gateway.DefaultListenAddress
	return `Start it, and let every process push its own counts, totals or increments:

  metertree gateway --storage.path /var/lib/metertree-gateway

OpenTelemetry, over HTTP or gRPC on the same port:

  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://` + at + `/v1/metrics
  OTEL_EXPORTER_OTLP_ENDPOINT=http://` + at + ` OTEL_EXPORTER_OTLP_PROTOCOL=grpc

Prometheus, by remote write 1.0 or 2.0:

  remote_write: [{url: http://` + at + `/api/v1/write}]

A script, as to a Pushgateway; start= tells one run from the next:

  echo 'rows_total 42' | curl --data-binary @- 'http://` + at + `/metrics/job/import?start='$START

What comes out has no instance any more, and each increment once. Scrape it as it is:

  scrape_configs: [{job_name: gateway, honor_labels: true, static_configs: [{targets: ['` + at + `']}]}]
  metertree serve --scrape http://` + at + `/metrics

Let other machines push, who have a token:

  metertree gateway --web.listen-address :9091 --web.config.file web.yml --web.push-token-file tokens

Merge over the region too, but keep the host:

  metertree gateway --gateway.drop-label region --gateway.keep-label host

Counters and histograms add up across restarts of the pushers and of the gateway. Gauges are merged as metertree_metric_info declares, else by --gateway.gauge-fold; up-down counters and gauges leave with their instance. See docs/gateway.md.`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *GatewayCmd) Validate() error { return c.options().Check() }

// Run implements the command.
func (c *GatewayCmd) Run(ctx context.Context, streams Streams) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second interrupt, during a slow shutdown, ends the process at once.
	context.AfterFunc(ctx, stop)

	options := c.options()
	options.Logger = c.logger(streams.Err)
	options.OnReady = func(url string) { fmt.Fprintf(streams.Out, "metertree gateway is ready at %s\n", url) }
	return gateway.Run(ctx, options)
}

func (c *GatewayCmd) options() gateway.Options {
	o := gateway.Defaults(c.StoragePath)
	o.ListenAddress, o.Web = c.WebListenAddress, c.web()
	// The grammar admits only levels that are known.
	_ = o.Durability.UnmarshalText([]byte(c.Durability))
	o.MaxPushBytes, o.MaxConcurrency = int64(c.MaxPushSize), c.MaxConcurrent
	o.Limits.Points, o.Limits.Promote = c.MaxPoints, c.Promote
	o.Version = Version()

	s := &o.Settings
	s.Drop = labels(append(s.Drop, c.DropLabel...))
	keep := labels(c.KeepLabel)
	s.Drop = slices.DeleteFunc(s.Drop, func(label string) bool { return slices.Contains(keep, label) })
	for fold := metric.FoldNone; fold <= metric.FoldLast; fold++ {
		if fold.String() == c.GaugeFold {
			s.GaugeFold = fold
		}
	}
	s.Idle, s.Remember, s.Forget = time.Duration(c.Idle), time.Duration(c.Remember), time.Duration(c.Forget)
	s.MaxAge, s.MaxAhead = time.Duration(c.MaxAge), time.Duration(c.MaxAhead)
	s.Streams, s.Series = c.MaxStreams, c.MaxSeries
	return o
}

// labels returns the names that attributes such as service.instance.id have as
// labels, each once, in order.
func labels(names []string) []string {
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = strings.NewReplacer(".", "_", "-", "_").Replace(name)
	}
	slices.Sort(plain)
	return slices.Compact(plain)
}
