package metertree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/tree/live"
)

// pipeline is what stands between instruments and those who read them.
type pipeline struct {
	registry  *registry.Registry
	policy    *admission.Policy
	refresher *collect.Refresher
	// producer is what /metrics shows.
	producer *shown
	// live is the tree over it. It does nothing until somebody looks.
	live *live.Source
	// push is nil without exporters, and in a build that exports nothing.
	push      *control.Push
	exporters []fed
	detach    func()
}

// fed is an exporter's integrator.
type fed struct {
	name       string
	integrator *integrate.Integrator
}

// newPipeline makes the registry and all that reads it. If it fails, it leaves
// nothing behind.
func newPipeline(config Config) (*pipeline, error) {
	views, err := integrate.NewViews(config.Views...)
	if err != nil {
		return nil, fmt.Errorf("Config.Views: %w", err)
	}
	policy, err := admission.New(config.Admission)
	if err != nil {
		return nil, fmt.Errorf("Config.Admission: %w", err)
	}
	p := &pipeline{policy: policy}
	p.registry = registry.New(registry.Options{
		SeriesBudget: config.SeriesBudget,
		Logger:       config.Logger,
		Define: func(d *registry.Definition) error {
			if err := policy.Define(d); err != nil {
				return err
			}
			return views.Define(d)
		},
	})
	p.detach = policy.Attach(p.registry)
	if err := p.connect(config, views); err != nil {
		p.close(context.Background())
		return nil, err
	}
	p.live = live.New(p.producer, live.Options{})
	return p, nil
}

// connect makes the readers of the registry.
func (p *pipeline) connect(config Config, views *integrate.Views) error {
	p.producer = &shown{registry: p.registry, logger: config.Logger}
	if len(config.Views) > 0 {
		if err := p.producer.replace(context.Background(), views); err != nil {
			return fmt.Errorf("Config.Views: %w", err)
		}
	}
	var targets []control.Target
	for _, e := range config.Exporters {
		target, err := p.target(config, e)
		if err != nil {
			return fmt.Errorf("exporter %q: %w", e.Name, err)
		}
		targets = append(targets, target)
	}
	scope := rootScope(p.registry, config)
	if len(targets) == 0 || !scope.Enabled() {
		return nil
	}
	push, err := control.NewPush(control.PushOptions{
		Targets: targets,
		Period:  config.Period,
		Refresh: p.registry.Refresh,
		Scope:   scope,
		Logger:  config.Logger,
	})
	p.push = push
	return err
}

func (p *pipeline) target(config Config, e Exporter) (control.Target, error) {
	views, err := integrate.NewViews(e.Views...)
	if err != nil {
		return control.Target{}, err
	}
	integrator, err := integrate.New(p.registry, integrate.Options{
		Grouping: e.Grouping, Views: views, Temporality: e.Temporality,
		Exporter: e.Name, Logger: config.Logger,
	})
	if err == nil {
		p.exporters = append(p.exporters, fed{e.Name, integrator})
	}
	return control.Target{Name: e.Name, Exporter: e.Exporter, Integrator: integrator}, err
}

// replaceViews changes what an exporter is given.
func (p *pipeline) replaceViews(ctx context.Context, exporter string, views *integrate.Views) error {
	at := slices.IndexFunc(p.exporters, func(e fed) bool { return e.name == exporter })
	if at < 0 {
		return p.unknown()
	}
	if p.push == nil {
		return nil
	}
	return p.push.Between(ctx, exporter, func() error { return p.exporters[at].integrator.Replace(views) })
}

// unknown is the error of a name that no exporter has, which names those there
// are.
func (p *pipeline) unknown() error {
	if len(p.exporters) == 0 {
		return errors.New("there are no exporters: give some as Config.Exporters")
	}
	names := make([]string, len(p.exporters))
	for i, e := range p.exporters {
		names[i] = strconv.Quote(e.name)
	}
	return fmt.Errorf("there is no such exporter: name one of %s", strings.Join(names, ", "))
}

// startPush begins to export, if there is anything to export to.
func (p *pipeline) startPush() {
	if p.push != nil {
		p.push.Start()
	}
}

// shutDown exports once more and ends what refreshes and exports, within ctx.
func (p *pipeline) shutDown(ctx context.Context) error {
	var err error
	if p.push != nil {
		err = p.push.Shutdown(ctx)
	}
	if p.refresher != nil {
		err = errors.Join(err, p.refresher.Close(ctx))
	}
	p.close(ctx)
	return err
}

func (p *pipeline) close(ctx context.Context) {
	p.detach()
	if p.live != nil {
		p.live.Close()
	}
	p.producer.close(ctx)
	for _, e := range p.exporters {
		if p.push == nil {
			e.integrator.Close()
			continue
		}
		release(ctx, e.integrator, func(ctx context.Context, call func() error) error {
			return p.push.Between(ctx, e.name, call)
		})
	}
}
