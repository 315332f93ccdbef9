package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/buffer"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/cache"
	"github.com/metertree/metertree/collect/encryption"
	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/collect/goruntime"
	"github.com/metertree/metertree/collect/health"
	"github.com/metertree/metertree/collect/httpmetrics"
	"github.com/metertree/metertree/collect/ingest"
	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/collect/probe"
	"github.com/metertree/metertree/collect/process"
	"github.com/metertree/metertree/collect/queue"
	"github.com/metertree/metertree/collect/retrieval"
	"github.com/metertree/metertree/collect/sqlmetrics"
	"github.com/metertree/metertree/collect/tasks"
	"github.com/metertree/metertree/collect/telemetry"
	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// anyScope stands for the scope that a program gives to a collector.
const anyScope = "scope"

// recordLibrary defines all that the library can define, as a program would.
func recordLibrary(ctx context.Context) ([]entry, error) {
	r := newRecorder()
	root := meter.New(r.Registry)
	scope := root.Scope(anyScope)
	err := errors.Join(defineAtRoot(ctx, r, root), defineFamilies(scope), defineOthers(ctx, scope), addOwn(ctx, r))
	return r.sorted(), err
}

// defineAtRoot defines what has the same name in every program.
func defineAtRoot(ctx context.Context, r *recorder, root meter.Scope) error {
	_, refresherErr := collect.NewRefresher(collect.Options{Scope: root})
	_, busErr := event.New[struct{}](event.Options{Scope: root})
	_, poolsErr := sqlmetrics.Register(root)
	integrator, err := integrate.New(r.Registry, integrate.Options{})
	if err != nil {
		return err
	}
	defer integrator.Close()
	push, err := control.NewPush(control.PushOptions{
		Scope: root, Targets: []control.Target{{Name: "any", Exporter: nowhere{}, Integrator: integrator}},
	})
	if err != nil {
		return err
	}
	return errors.Join(push.Shutdown(ctx), refresherErr, busErr, poolsErr, goruntime.Register(root), process.Register(root))
}

// nowhere is an exporter.
type nowhere struct{}

func (nowhere) Export(context.Context, *export.Batch) error { return nil }

func (nowhere) Shutdown(context.Context) error { return nil }

// defineFamilies defines the families of the ready collectors, in scopes of the
// usual names.
func defineFamilies(scope meter.Scope) error {
	families := []func() error{
		func() error { _, err := cache.New(scope.Scope("cache"), "any", "any"); return err },
		func() error { _, err := encryption.New(scope.Scope("encryption")); return err },
		func() error { _, err := health.New(scope.Scope("component")); return err },
		func() error {
			_, err := httpmetrics.NewClient(scope, httpmetrics.ClientOptions{Peer: anyPeer})
			return err
		},
		func() error { _, err := httpmetrics.NewServer(scope, httpmetrics.ServerOptions{}); return err },
		func() error { _, err := ingest.New(scope.Scope("ingest")); return err },
		func() error {
			_, err := locks.New(scope.Scope("locks"), locks.Config{Name: "any", HoldTime: true})
			return err
		},
		func() error { _, err := locks.NewExternal(scope.Scope("locks"), "other"); return err },
		func() error { _, err := modelusage.New(scope.Scope("model"), modelusage.Config{}); return err },
		func() error { _, err := queue.New(scope.Scope("queue"), "any"); return err },
		func() error { _, err := retrieval.New(scope.Scope("retrieval")); return err },
		func() error { _, err := tasks.New(scope.Scope("tasks")); return err },
		func() error { _, err := tasks.NewSessions(scope.Scope("sessions")); return err },
	}
	var errs []error
	for _, define := range families {
		errs = append(errs, define())
	}
	return errors.Join(errs...)
}

func anyPeer(*http.Request) string { return "any" }

// defineOthers defines what is no family of a collector's own.
func defineOthers(ctx context.Context, scope meter.Scope) error {
	_, probeErr := probe.New(scope.Scope("probe"), probe.Config{
		Component: "any", Check: func(context.Context) error { return collect.ErrUnknown },
	})
	_, bridgeErr := telemetry.New(scope, telemetry.Default())
	b, err := buffer.New(buffer.Config[string]{
		Scope: scope, Flush: func(context.Context, buffer.Batch[string]) error { return nil },
		Failed: func(buffer.Batch[string], error) {},
		Size:   func(s string) int { return len(s) },
	})
	if err != nil {
		return err
	}
	return errors.Join(b.Close(ctx), probeErr, bridgeErr)
}

// addOwn adds what a registry and a started program have by themselves, which
// they show when there is something to show.
func addOwn(ctx context.Context, r *recorder) (err error) {
	bare := registry.New(registry.Options{})
	one := meter.New(bare).Counter("any_requests_total", meter.Keys("operation"), meter.SeriesBudget(1))
	one.Add(1)
	one.Add(1, "first")
	one.Add(1, "beyond the budget")
	r.add(ctx, bare, "registry")

	rt, err := metertree.Start(ctx, metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	scrape := httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	rt.Handler().ServeHTTP(httptest.NewRecorder(), scrape)
	r.add(ctx, rt.Registry(), "metertree")
	return nil
}
