// Package metertree starts a program's metrics in one line:
//
//	rt, err := metertree.Start(ctx, metertree.Config{Service: "checkout"})
//
// makes a registry, adds the metrics of the Go runtime and the process, and
// serves on :2121
//
//	/metrics              the Prometheus formats, for machines
//	/tree/                the tree of metrics, in a browser
//	/api/v1/observer/     what the program and its components are doing, for people
//	/api/v1/stats/        queries that may scan all series, for analysts
//	/-/healthy, /-/ready  for supervisors
//	/debug/pprof/         profiles, if Config.Profiling says so
//	/                     an index of these
//
// Instruments are made from rt.Scope, as package meter describes.
package metertree

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/observer"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/stats"
)

// Runtime is a started set of metrics. All methods may be called from any
// goroutine.
type Runtime struct {
	config     Config
	pipeline   *pipeline
	scrapes    *scrapes
	components *observer.Registry
	queries    *stats.Registry
	handler    http.Handler
	ready      atomic.Bool

	listener net.Listener
	server   *http.Server
	silent   silent
	// abandon ends requests that outlast the grace period.
	abandon context.CancelFunc
	// patience ends when the end should wait for nothing any more; hurry ends it.
	patience context.Context
	hurry    context.CancelCauseFunc
	// release undoes that the end of Start's context ends a Runtime without a
	// listener.
	release func() bool

	closeOnce sync.Once
	closing   chan struct{}
	done      chan struct{}
	// err is why serving ended, if not by closing; written before done closes.
	err error
}

// Start makes the registry and the instruments that every program has, and
// listens. It fails if the configuration is invalid or the address cannot be
// listened on. The metrics end when ctx does or at Close, whichever is first.
//
// In a build with the tag metertree_off it does not listen, starts no goroutine
// and registers no metrics; all else works.
func Start(ctx context.Context, config Config) (*Runtime, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("metrics were not started: %w", context.Cause(ctx))
	}
	if err := config.complete(); err != nil {
		return nil, err
	}
	pipeline, err := newPipeline(config)
	if err != nil {
		return nil, err
	}
	rt := &Runtime{
		config:     config,
		pipeline:   pipeline,
		components: observer.New(observer.Options{Service: config.Service, Series: pipeline.registry}),
		queries:    stats.New(stats.Options{}),
		closing:    make(chan struct{}),
		done:       make(chan struct{}),
	}
	rt.patience, rt.hurry = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := rt.assemble(ctx); err != nil {
		return nil, errors.Join(err, rt.pipeline.shutDown(ctx))
	}
	rt.ready.Store(true)
	pipeline.startPush()
	if rt.server == nil {
		rt.release = context.AfterFunc(ctx, rt.end)
		return rt, nil
	}
	go rt.run(ctx)
	return rt, nil
}

// assemble defines what every program has, and listens.
func (rt *Runtime) assemble(ctx context.Context) error {
	if err := rt.define(); err != nil {
		return err
	}
	rt.handler = rt.config.Security.around(rt.mux())
	return rt.listen(ctx)
}

// Scope returns the scope of the given segments, outermost first, with the
// labels of Config.Labels; without segments, the root scope.
func (rt *Runtime) Scope(segments ...string) meter.Scope {
	scope := rootScope(rt.pipeline.registry, rt.config)
	for _, segment := range segments {
		scope = scope.Scope(segment)
	}
	return scope
}

func rootScope(r *registry.Registry, config Config) meter.Scope {
	scope := meter.New(r)
	for _, label := range config.labels() {
		scope = scope.With(label.Name, label.Value)
	}
	return scope
}

// Registry returns the registry, for exporters and for tests.
func (rt *Runtime) Registry() *registry.Registry { return rt.pipeline.registry }

// Refresher returns what refreshes collectors before a collection; add your own.
func (rt *Runtime) Refresher() *collect.Refresher { return rt.pipeline.refresher }

// DeleteTenant ends all series of a tenant that is gone for good, and returns how
// many there were. The tenant is not shown again for a while, whatever comes
// late for it.
func (rt *Runtime) DeleteTenant(tenant string) (ended int) {
	return rt.pipeline.policy.DeleteTenant(rt.pipeline.registry, tenant)
}

// ReplaceViews changes what /metrics and the tree show, from the next collection
// on; without views they show all that is kept. Views given here only derive
// from what is kept, which Config.Views has decided at Start: a metric that it
// drops stays dropped, and values stay in the aggregation and the buckets that it
// asked for.
//
// No count is lost: totals go on as integrate.Integrator.Replace describes. If
// the views contradict one another or cannot be applied to the metrics that are
// there, if ctx ends while a collection is in the way, and after Close, it fails
// and changes nothing.
func (rt *Runtime) ReplaceViews(ctx context.Context, views ...integrate.View) error {
	made, err := integrate.NewViews(views...)
	if err == nil {
		err = rt.pipeline.producer.replace(ctx, made)
	}
	if err != nil {
		return fmt.Errorf("views were not replaced: %w", err)
	}
	return nil
}

// ReplaceExporterViews does for what one of Config.Exporters is given what
// ReplaceViews does for what /metrics shows. It waits for the export under way.
// What is not delivered yet is exported as the new views say.
func (rt *Runtime) ReplaceExporterViews(ctx context.Context, exporter string, views ...integrate.View) error {
	made, err := integrate.NewViews(views...)
	if err == nil {
		err = rt.pipeline.replaceViews(ctx, exporter, made)
	}
	if err != nil {
		return fmt.Errorf("views of exporter %q were not replaced: %w", exporter, err)
	}
	return nil
}

// Flush exports now what Config.Exporters have not been given yet.
func (rt *Runtime) Flush(ctx context.Context) error {
	if rt.pipeline.push == nil {
		return nil
	}
	return rt.pipeline.push.Flush(ctx)
}

// Observer returns the components whose health /api/v1/observer/ shows; add
// your own.
func (rt *Runtime) Observer() *observer.Registry { return rt.components }

// Stats returns the queries that /api/v1/stats/ answers; add your own.
func (rt *Runtime) Stats() *stats.Registry { return rt.queries }

// Handler returns what the listener serves, for those who have a server of
// their own and set Config.Listen to NoListener. Its links are relative, so it
// can be mounted below any path with http.StripPrefix. Config.Security.Guard is
// part of it; TLS and Hosts are the own server's business.
func (rt *Runtime) Handler() http.Handler { return rt.handler }

// Addr returns the address listened on, with the port the system chose if the
// configured one was 0; nil without a listener.
func (rt *Runtime) Addr() net.Addr {
	if rt.listener == nil {
		return nil
	}
	return rt.listener.Addr()
}

// Done is closed when serving has ended and all goroutines are gone.
func (rt *Runtime) Done() <-chan struct{} { return rt.done }

// Close stops listening, lets requests under way finish, exports once more, and
// returns when all goroutines are gone. Requests and exports that are still under
// way when ctx ends, or after Config.Grace, are cut off. It returns the error that
// ended serving early, if one did, those of the last exports, and that of ctx.
// Instruments stay usable; only nobody reads them here. Calling it again waits
// again.
func (rt *Runtime) Close(ctx context.Context) error {
	rt.closeOnce.Do(func() {
		close(rt.closing)
		if rt.server == nil && rt.release() {
			go rt.end()
		}
	})
	select {
	case <-rt.done:
		return rt.err
	case <-ctx.Done():
	}
	rt.hurry(context.Cause(ctx))
	if rt.server != nil {
		rt.abandon()
		// The listener's own error cannot matter any more.
		_ = rt.server.Close()
	}
	<-rt.done
	return errors.Join(rt.err, context.Cause(ctx))
}

// end is the end of a Runtime without a listener.
func (rt *Runtime) end() {
	defer close(rt.done)
	rt.ready.Store(false)
	rt.finish()
}

// finish ends the pipeline.
func (rt *Runtime) finish() {
	defer rt.hurry(nil)
	grace, cancel := context.WithTimeout(rt.patience, rt.config.Grace)
	defer cancel()
	rt.err = errors.Join(rt.err, rt.pipeline.shutDown(grace))
}

// run owns the listener until the end.
func (rt *Runtime) run(ctx context.Context) {
	defer close(rt.done)
	defer rt.finish()
	served := make(chan error, 1)
	go func() { served <- rt.serve() }()
	select {
	case <-ctx.Done():
	case <-rt.closing:
	case err := <-served:
		rt.err = fmt.Errorf("serving metrics on %s ended: %w", rt.Addr(), err)
		if rt.config.Logger != nil {
			rt.config.Logger.Error("metrics are no longer served", "err", rt.err)
		}
		rt.ready.Store(false)
		rt.abandon()
		_ = rt.server.Close()
		return
	}
	rt.ready.Store(false)
	rt.shutDown()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		rt.err = fmt.Errorf("serving metrics on %s: %w", rt.Addr(), err)
	}
}

// serve answers requests until the server is shut down.
func (rt *Runtime) serve() error {
	if rt.server.TLSConfig == nil {
		return rt.server.Serve(rt.listener)
	}
	return rt.server.ServeTLS(rt.listener, "", "") // the certificates are in TLSConfig
}

func (rt *Runtime) shutDown() {
	defer rt.abandon()
	grace, cancel := context.WithTimeout(context.Background(), rt.config.Grace)
	defer cancel()
	defer time.AfterFunc(silentGrace, rt.silent.closeAll).Stop()
	if rt.server.Shutdown(grace) != nil {
		rt.abandon()
		_ = rt.server.Close()
	}
}

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	// writeTimeout leaves room for a profile of half a minute. Scrapes and
	// queries have shorter deadlines of their own.
	writeTimeout   = 90 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)
