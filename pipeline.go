package metertree

import (
	"context"
	"errors"
	"fmt"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/export/prometheus"
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
	producer prometheus.Producer
	// live is the tree over it. It does nothing until somebody looks.
	live *live.Source
	// push is nil without exporters.
	push        *control.Push
	integrators []*integrate.Integrator
	detach      func()
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
		p.close()
		return nil, err
	}
	p.live = live.New(p.producer, live.Options{})
	return p, nil
}

// connect makes the readers of the registry.
func (p *pipeline) connect(config Config, views *integrate.Views) error {
	p.producer = p.registry
	if len(config.Views) > 0 {
		integrator, err := p.integrator(integrate.Options{Views: views, Logger: config.Logger})
		if err != nil {
			return fmt.Errorf("Config.Views: %w", err)
		}
		p.producer = control.NewPull(integrator, control.PullOptions{Refresh: p.registry.Refresh, Logger: config.Logger})
	}
	scope := rootScope(p.registry, config)
	if len(config.Exporters) == 0 || !scope.Enabled() {
		return nil
	}
	var targets []control.Target
	for _, e := range config.Exporters {
		target, err := p.target(config, e)
		if err != nil {
			return fmt.Errorf("exporter %q: %w", e.Name, err)
		}
		targets = append(targets, target)
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
	integrator, err := p.integrator(integrate.Options{
		Grouping: e.Grouping, Views: views, Temporality: e.Temporality, Logger: config.Logger,
	})
	return control.Target{Name: e.Name, Exporter: e.Exporter, Integrator: integrator}, err
}

func (p *pipeline) integrator(options integrate.Options) (*integrate.Integrator, error) {
	integrator, err := integrate.New(p.registry, options)
	if err == nil {
		p.integrators = append(p.integrators, integrator)
	}
	return integrator, err
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
	p.close()
	return err
}

func (p *pipeline) close() {
	p.detach()
	if p.live != nil {
		p.live.Close()
	}
	for _, integrator := range p.integrators {
		integrator.Close()
	}
}
