package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	contextdemo "github.com/metertree/metertree/examples/contextd/demo"
	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/examples/contextd/load"
	"github.com/metertree/metertree/server/internal/serve"
	"golang.org/x/sync/errgroup"
)

// defaultDemoAddress is where the demonstration listens if nobody else does.
const defaultDemoAddress = "127.0.0.1:2123"

// DemoCmd shows what metertree does, with a service of its own to look at.
type DemoCmd struct {
	Listen      string            `name:"listen" placeholder:"HOST:PORT" help:"Listen here (127.0.0.1:2123, or a free port if that one is in use)."`
	Rate        float64           `name:"rate" default:"120" placeholder:"N" help:"Mean of the synthetic requests per second (${default})."`
	Incidents   incident.Schedule `name:"incidents" default:"20s/90s/40s" placeholder:"FIRST/EVERY/LASTING" help:"When something goes wrong, or off (${default})."`
	StoragePath string            `name:"storage.path" placeholder:"DIR" help:"Keep the database in this directory (a temporary one, removed at the end)."`
	Duration    Duration          `name:"duration" default:"0s" placeholder:"DURATION" help:"End after this time; 0s is at Ctrl-C (${default})."`

	LogFlags
}

// Help is the detail that --help shows.
func (DemoCmd) Help() string {
	return `Starts a small multi-tenant service under synthetic load, and a server that scrapes it and itself:

  metertree demo

All of it listens on loopback. Now and then something goes wrong, which is logged, and shows in the tree. Faster, and without that:

  metertree demo --rate 500 --incidents off`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *DemoCmd) Validate() error {
	if !(c.Rate > 0 && c.Rate <= load.MaxRate) {
		return fmt.Errorf("--rate %v: give requests per second above 0, at most %d", c.Rate, load.MaxRate)
	}
	return nil
}

// Run implements the command.
func (c *DemoCmd) Run(ctx context.Context, streams Streams, command *kong.Context) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second interrupt, during a slow shutdown, ends the process at once.
	context.AfterFunc(ctx, stop)
	if c.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.Duration))
		defer cancel()
	}
	address, err := c.address()
	if err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "metertree-demo-")
	if err != nil {
		return fmt.Errorf("no temporary directory: %w: set TMPDIR to a directory that can be written", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()

	parts, ctx := errgroup.WithContext(ctx)
	scrape := make(chan string, 1)
	parts.Go(func() error {
		return contextdemo.Run(ctx, contextdemo.Config{
			Rate:      c.Rate,
			Incidents: c.Incidents,
			Logger:    c.logger(streams.Err),
			Ready:     func(at contextdemo.Addresses) { scrape <- at.Metrics },
		})
	})
	parts.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case target := <-scrape:
			options, err := c.server(address, directory, target)
			if err != nil {
				return err
			}
			options.Flags = shownFlags(command)
			options.Logger = c.serverLogger(streams.Err)
			options.OnReady = func(url string) { c.introduce(streams.Out, url) }
			return serve.Run(ctx, options)
		}
	})
	return parts.Wait()
}

// address is where the server is to listen: where the command line says, or else
// the usual address, or else any free port.
func (c *DemoCmd) address() (string, error) {
	if c.Listen != "" {
		if err := tryListening(c.Listen); err != nil {
			return "", fmt.Errorf("cannot listen on %q: %w: choose another HOST:PORT with --listen", c.Listen, err)
		}
		return c.Listen, nil
	}
	if tryListening(defaultDemoAddress) != nil {
		return "127.0.0.1:0", nil
	}
	return defaultDemoAddress, nil
}

func tryListening(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}

// scrapeInterval is short, so that the tree is alive at once.
const scrapeInterval = 2 * time.Second

// server describes the server that scrapes target and itself. The job has a name
// and an instance that stay the same from start to start.
func (c *DemoCmd) server(address, directory, target string) (serve.Options, error) {
	data := c.StoragePath
	if data == "" {
		data = filepath.Join(directory, "data")
	}
	options := serve.Defaults(data)
	options.ListenAddress = address
	options.ConfigFile = filepath.Join(directory, "demo.yml")
	options.Explorer = mountExplorer
	options.Version = Version()
	config := fmt.Sprintf(`global:
  scrape_interval: %[1]s
  scrape_timeout: %[1]s
scrape_configs:
- job_name: contextd
  static_configs:
  - targets: [%[2]q]
    labels: {instance: demo}
`, scrapeInterval, strings.TrimPrefix(target, "http://"))
	if err := os.WriteFile(options.ConfigFile, []byte(config), 0o600); err != nil {
		return options, fmt.Errorf("configuration of the server: %w: set TMPDIR to a directory that can be written", err)
	}
	return options, nil
}

// serverLogger leaves the demonstration's own lines in the foreground.
func (c *DemoCmd) serverLogger(to io.Writer) *slog.Logger {
	flags := c.LogFlags
	if flags.Level == "info" {
		flags.Level = "warn"
	}
	return flags.logger(to)
}

// introduce says where to look and at what.
func (c *DemoCmd) introduce(to io.Writer, url string) {
	var b strings.Builder
	fmt.Fprintf(&b, "metertree demo is ready at %s\n\n", url)
	fmt.Fprintln(&b, "  Expand contextd: tenant operations by account_id and status, http server requests by route, cache lookups by level, buffer flushes by bucket.")
	fmt.Fprintln(&b, "  Beside it are the namespaces of the Go runtime, of the process and of this server.")
	if c.Incidents != (incident.Schedule{}) {
		fmt.Fprintf(&b, "  In %v, and then every %v, something goes wrong for %v. It is announced here.\n",
			c.Incidents.First, c.Incidents.Every, c.Incidents.Lasting)
	}
	fmt.Fprintln(&b, "  Ctrl-C ends it.")
	// A reader that is gone cannot be told.
	_, _ = io.WriteString(to, b.String())
}
