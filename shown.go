package metertree

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// exposition stands for /metrics and the tree where exporters are told apart.
const exposition = "/metrics"

// release closes an integrator that is driven by what between belongs to, once it
// is not in use. If ctx ends before, the collection or the export under way is
// left behind, and the integrator is closed when that returns.
func release(ctx context.Context, integrator *integrate.Integrator, between func(context.Context, func() error) error) {
	end := func(ctx context.Context) error {
		return between(ctx, func() error {
			integrator.Close()
			return nil
		})
	}
	if end(ctx) != nil {
		// The goroutine ends after what was left behind. It cannot fail, because
		// nothing ends its wait.
		go func() { _ = end(context.WithoutCancel(ctx)) }()
	}
}

// shown is what /metrics and the tree show: the registry itself until views are
// given, and from then on what views derive from it. All methods may be called
// from any goroutine.
type shown struct {
	registry *registry.Registry
	logger   *slog.Logger

	// pull is nil while the registry itself is shown.
	pull atomic.Pointer[control.Pull]

	// integrator is what pull drives. It is set once, before pull is.
	integrator *integrate.Integrator
	// mu guards the making of pull, and closed, after which it is not made.
	mu     sync.Mutex
	closed bool
}

// Collect returns all metrics as the views say.
func (s *shown) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	if pull := s.pull.Load(); pull != nil {
		return pull.Collect(ctx)
	}
	return s.registry.Collect(ctx)
}

// Ratios yields what is to be divided by what, as the views say.
func (s *shown) Ratios() iter.Seq[metric.Ratio] {
	if s.pull.Load() != nil {
		return s.integrator.Ratios()
	}
	return s.registry.Ratios()
}

// replace changes the views from the next collection on.
func (s *shown) replace(ctx context.Context, views *integrate.Views) error {
	made, err := s.derive(views)
	if made || err != nil {
		return err
	}
	return s.pull.Load().Between(ctx, func() error { return s.integrator.Replace(views) })
}

// derive shows what views make of the registry if it is the registry itself that
// is shown, and else does nothing.
func (s *shown) derive(views *integrate.Views) (made bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.pull.Load() != nil:
		return false, nil
	case s.closed:
		return false, integrate.ErrClosed
	}
	integrator, err := integrate.New(s.registry, integrate.Options{Views: views, Exporter: exposition, Logger: s.logger})
	if err != nil {
		return false, err
	}
	s.integrator = integrator
	s.pull.Store(control.NewPull(integrator, control.PullOptions{Refresh: s.registry.Refresh, Logger: s.logger}))
	return true, nil
}

// close ends what the views need, when no collection uses it.
func (s *shown) close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if pull := s.pull.Load(); pull != nil {
		release(ctx, s.integrator, pull.Between)
	}
}
