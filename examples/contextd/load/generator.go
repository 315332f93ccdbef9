package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/metertree/metertree/collect/httpmetrics"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
)

// Generator makes requests while it runs.
type Generator struct {
	config   Config
	tenants  []*tenant
	requests meter.CounterOf[request]
	dropped  meter.Counter
}

type request struct{ Operation, Status string }

// New makes a generator, or says what is wrong with the configuration.
func New(config Config) (*Generator, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	client, err := httpmetrics.NewClient(config.Scope, httpmetrics.ClientOptions{Peer: toService})
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	metered := *config.Client
	metered.Transport = client.Transport(metered.Transport)
	config.Client = &metered
	g := &Generator{config: config}
	scope := config.Scope.Scope("load")
	var requestsErr, droppedErr error
	g.requests, requestsErr = meter.NewCounter[request](scope, "requests_total",
		meter.Help("Requests made by the load generator."))
	g.dropped, droppedErr = scope.NewCounter("dropped_total",
		meter.Help("Requests not made because too many were under way."))
	if err := errors.Join(requestsErr, droppedErr); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	total := 0.0
	for _, t := range config.Tenants {
		total += t.Weight
	}
	for i, t := range config.Tenants {
		g.tenants = append(g.tenants, &tenant{
			account: t.Account,
			mean:    config.Rate * t.Weight / total,
			// Tenants are awake at different times of the day.
			phase:  float64(i) / float64(len(config.Tenants)),
			factor: 1,
		})
	}
	return g, nil
}

// toService names the only peer there is; its address may change at each start.
func toService(*http.Request) string { return "contextd" }

// Multiply changes an account's rate by a factor until restore is called.
func (g *Generator) Multiply(account string, factor float64) (restore func(), err error) {
	if !(factor > 0) || math.IsInf(factor, 1) {
		return nil, fmt.Errorf("rate of account %q times %v: give a factor above 0", account, factor)
	}
	for _, t := range g.tenants {
		if t.account == account {
			t.multiply(factor)
			return sync.OnceFunc(func() { t.multiply(1 / factor) }), nil
		}
	}
	return nil, fmt.Errorf("account %q makes no requests: name one of the load's tenants", account)
}

// Run makes requests until the context ends, and returns when none is under way.
// Requests come at random, independent of the answers, as those of many clients
// do: a slow service is not spared.
func (g *Generator) Run(ctx context.Context) {
	defer g.config.Client.CloseIdleConnections()
	r := run{Generator: g, room: make(chan struct{}, g.config.Concurrency)}
	defer r.underWay.Wait()
	random := rand.New(rand.NewPCG(g.config.Seed, 1))
	start := time.Now()
	for n := uint64(0); ; n++ {
		wait := random.ExpFloat64() / g.rateAt(time.Since(start))
		if pause.For(ctx, time.Duration(wait*float64(time.Second))) != nil {
			return
		}
		own := rand.New(rand.NewPCG(random.Uint64(), n))
		if t, do, warming := g.warmUp(int(n)); warming {
			r.launch(ctx, t, do, own)
			continue
		}
		r.launch(ctx, g.pick(time.Since(start), random), pickOperation(own), own)
	}
}

// run holds the requests that are under way.
type run struct {
	*Generator
	room     chan struct{}
	underWay sync.WaitGroup
}

// launch makes a request, if there is room for one more.
func (r *run) launch(ctx context.Context, t *tenant, do operation, random *rand.Rand) {
	select {
	case r.room <- struct{}{}:
	default:
		r.dropped.Inc()
		return
	}
	r.underWay.Go(func() {
		defer func() { <-r.room }()
		r.do(ctx, t, do, random)
	})
}

// warmDocuments is how many documents each tenant puts before anything else, so
// that there is something to read.
const warmDocuments = 60

// warmUp gives the nth request if the tenants are still putting their first
// documents.
func (g *Generator) warmUp(n int) (t *tenant, do operation, warming bool) {
	if n >= min(warmDocuments, g.config.Documents)*len(g.tenants) {
		return nil, operation{}, false
	}
	return g.tenants[n%len(g.tenants)], put(n / len(g.tenants)), true
}

// rateAt is the rate of all tenants together, in requests per second.
func (g *Generator) rateAt(since time.Duration) float64 {
	sum := 0.0
	for _, t := range g.tenants {
		sum += g.rateOf(t, since)
	}
	return sum
}

// rateOf is a tenant's rate; it never is zero, so that the next request has a time.
func (g *Generator) rateOf(t *tenant, since time.Duration) float64 {
	turn := since.Seconds()/g.config.Period.Seconds() + t.phase
	wave := 1 + g.config.Amplitude*math.Sin(2*math.Pi*turn)
	return max(t.rate()*wave, 1e-3)
}

// pick chooses a tenant in proportion to the rates.
func (g *Generator) pick(since time.Duration, random *rand.Rand) *tenant {
	at := random.Float64() * g.rateAt(since)
	for _, t := range g.tenants {
		if at -= g.rateOf(t, since); at < 0 {
			return t
		}
	}
	return g.tenants[len(g.tenants)-1]
}
