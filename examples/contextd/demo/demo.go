// Package demo runs a context service with its metrics, under synthetic load and
// with incidents, in one call.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/examples/contextd"
	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/examples/contextd/load"
	"github.com/metertree/metertree/observer"
)

// Config describes a demonstration; the zero value is one without incidents.
type Config struct {
	// Listen is where the service answers; empty means a free port on loopback.
	Listen string
	// MetricsListen is where its metrics are served; empty means a free port on
	// loopback.
	MetricsListen string
	// Rate is the mean of requests per second; 0 means load.DefaultRate.
	Rate float64
	// Incidents says when something goes wrong.
	Incidents incident.Schedule
	// Logger gets what happens; nil discards it.
	Logger *slog.Logger
	// Ready is called once when everything runs. It must not block.
	Ready func(Addresses)
}

// Addresses are URLs without a slash at the end.
type Addresses struct{ Service, Metrics string }

const anyLoopbackPort = "127.0.0.1:0"

// drainTimeout is how long the service may go on storing at the end: a shard that
// was failing is tried again within a second, and then a full queue takes one more.
// With a second for its requests and one for its metrics, Run ends within five.
const drainTimeout = 2800 * time.Millisecond

// Run runs the demonstration until the context ends, then stops the load, lets
// the service store what it accepted, and returns.
func Run(ctx context.Context, config Config) (err error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Listen == "" {
		config.Listen = anyLoopbackPort
	}
	if config.MetricsListen == "" {
		config.MetricsListen = anyLoopbackPort
	}
	// The metrics outlive the context, so that the end can be watched too.
	outlasting := context.WithoutCancel(ctx)
	admitted, err := admit()
	if err != nil {
		return fmt.Errorf("metrics of contextd: %w", err)
	}
	metrics, err := metertree.Start(outlasting, metertree.Config{
		Service: "contextd", Listen: config.MetricsListen, Logger: config.Logger, Grace: time.Second, Admission: admitted,
	})
	if err != nil {
		return fmt.Errorf("metrics of contextd: %w", err)
	}
	defer func() { err = errors.Join(err, metrics.Close(outlasting)) }()
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("contextd cannot listen on %s: %w: choose another address", config.Listen, err)
	}
	parts, err := newParts(config, metrics, listener)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return parts.run(ctx, listener, func() {
		if config.Ready != nil {
			config.Ready(Addresses{Service: urlOf(listener.Addr()), Metrics: urlOf(metrics.Addr())})
		}
	})
}

func urlOf(address net.Addr) string { return "http://" + address.String() }

// parts are what runs.
type parts struct {
	service   *contextd.Service
	load      *load.Generator
	incidents incident.Config
}

func newParts(config Config, metrics *metertree.Runtime, listener net.Listener) (p parts, err error) {
	scope := metrics.Scope()
	p.service, err = contextd.New(contextd.Config{
		Scope: scope, Refresher: metrics.Refresher(), Logger: config.Logger, DrainTimeout: drainTimeout, Accounts: accounts(config.Rate),
	})
	if err != nil {
		return p, err
	}
	if err = observe(p.service, metrics.Observer()); err != nil {
		return p, err
	}
	if err = metrics.Stats().Add(audit(p.service)); err != nil {
		return p, err
	}
	p.load, err = load.New(load.Config{BaseURL: urlOf(listener.Addr()), Rate: config.Rate, Scope: scope.Scope("contextd")})
	if err != nil {
		return p, err
	}
	p.incidents = incident.Config{
		Schedule: config.Incidents,
		Incidents: []incident.Incident{
			incident.ShardFailure(p.service, contextd.DefaultShards),
			incident.TenantFlood(p.load, "cascade", "dune"),
		},
		Scope:  scope.Scope("contextd"),
		Logger: config.Logger,
	}
	return p, nil
}

// observe shows the health of the service's parts to whoever looks at them.
func observe(service *contextd.Service, components *observer.Registry) error {
	for _, name := range service.Components() {
		_, err := components.Add(name, func(context.Context) observer.Status {
			if err := service.Health(name); err != nil {
				return observer.Failing(err)
			}
			return observer.Healthy("passed its last check")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// accounts are the demo's, each within its bound as long as it does not flood: at
// the peak of its wave the heaviest tenant makes less than all make in the mean.
func accounts(rate float64) []contextd.Account {
	accounts := contextd.DemoAccounts()
	for i := range accounts {
		accounts[i].RequestsPerSecond = cmp.Or(rate, load.DefaultRate)
	}
	return accounts
}

// run ends when the context or the service does. The load and the incidents stop
// first, so that the service ends in good health.
func (p parts) run(ctx context.Context, listener net.Listener, ready func()) error {
	pressing, stopPressing := context.WithCancel(ctx)
	defer stopPressing()
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()

	served := make(chan error, 1)
	go func() {
		served <- p.service.Serve(serving, listener)
		stopPressing()
	}()
	var pressure sync.WaitGroup
	var incidentErr error
	pressure.Go(func() { p.load.Run(pressing) })
	pressure.Go(func() {
		incidentErr = incident.Run(pressing, p.incidents)
		stopPressing()
	})
	ready()
	pressure.Wait()
	stopServing()
	return errors.Join(incidentErr, <-served)
}
