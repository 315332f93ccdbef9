package metertree

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/declarations"
	"github.com/metertree/metertree/collect/goruntime"
	"github.com/metertree/metertree/collect/process"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/observer"
	"github.com/metertree/metertree/stats"
)

// define registers what every program has.
func (rt *Runtime) define() error {
	if err := goruntime.Register(rt.Scope()); err != nil {
		return err
	}
	if err := process.Register(rt.Scope()); err != nil {
		return err
	}
	if err := rt.defineBuildInfo(); err != nil {
		return err
	}
	refresher, err := collect.NewRefresher(collect.Options{Scope: rt.Scope(), Logger: rt.config.Logger})
	if err != nil {
		return err
	}
	rt.pipeline.refresher = refresher
	if err := declarations.Register(rt.Scope()); err != nil {
		return err
	}
	if rt.scrapes, err = newScrapes(rt.Scope("metertree")); err != nil {
		return err
	}
	if _, err := rt.components.Add("metrics", rt.observe); err != nil {
		return err
	}
	return errors.Join(
		rt.queries.Add(stats.Series(rt.pipeline.registry)),
		rt.queries.Add(stats.Values(rt.pipeline.registry)),
	)
}

func (rt *Runtime) defineBuildInfo() error {
	info, err := rt.Scope("metertree").NewGauge("build_info",
		meter.Keys("service", "version", "goversion"), meter.Fold(metric.FoldSum),
		meter.Help("Constant 1, labelled with what the program is and what it was built from."))
	if err != nil {
		return fmt.Errorf("registering the build information: %w", err)
	}
	info.Set(1, rt.config.Service, mainVersion(), runtime.Version())
	return nil
}

// mainVersion is the version of the program's main module, or "unknown".
func mainVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// observe tells the health of the metrics themselves.
func (rt *Runtime) observe(context.Context) observer.Status {
	where := "no listener"
	switch {
	case !rt.Scope().Enabled():
		where = "compiled out"
	case rt.listener != nil:
		where = "listening on " + rt.listener.Addr().String()
	}
	if !rt.ready.Load() {
		return observer.Status{Health: observer.Degraded, State: where + ", starting or closing"}
	}
	return observer.Healthy(where)
}
