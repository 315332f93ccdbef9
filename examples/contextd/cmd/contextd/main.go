// Command contextd runs the context service of package contextd with its metrics,
// under synthetic load and with incidents.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/metertree/metertree/examples/contextd/demo"
	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/examples/contextd/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "contextd:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	config := demo.Config{
		Logger: slog.New(slog.NewTextHandler(errs, nil)),
		Ready: func(at demo.Addresses) {
			fmt.Fprintf(out, "contextd answers at %s/v1/health\nits metrics are at %s/metrics\n", at.Service, at.Metrics)
		},
	}
	flags := flag.NewFlagSet("contextd", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&config.Listen, "listen", "127.0.0.1:2180", "answer requests on this `host:port`")
	flags.StringVar(&config.MetricsListen, "metrics.listen", "127.0.0.1:2121", "serve metrics on this `host:port`")
	flags.Float64Var(&config.Rate, "rate", load.DefaultRate, "make so many synthetic `requests` per second, in the mean")
	flags.TextVar(&config.Incidents, "incidents", incident.DefaultSchedule(), "let things go wrong on this `schedule`, or off")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("argument %q is not understood: see contextd -help", flags.Arg(0))
	}
	return demo.Run(ctx, config)
}
