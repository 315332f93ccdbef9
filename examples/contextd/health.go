package contextd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// health checks the components regularly and remembers what it found.
type health struct {
	interval time.Duration
	log      *slog.Logger
	checks   map[string]func(context.Context) error
	up       meter.Gauge

	mu sync.Mutex
	// found is the last outcome by component: nil is well.
	found map[string]error
	// flushes is the last outcome of each shard's flushes.
	flushes []error
}

func newHealth(scope meter.Scope, checks map[string]func(context.Context) error, config Config) (*health, error) {
	up, err := scope.NewGauge("component_up", meter.Keys("component"), meter.Fold(metric.FoldMin),
		meter.Help("Whether the component passed its last health check: 1 or 0."))
	return &health{
		interval: config.HealthInterval,
		log:      config.Logger,
		checks:   checks,
		up:       up,
		found:    map[string]error{},
		flushes:  make([]error, config.Shards),
	}, err
}

// components are the checks of the service's parts.
func (s *Service) components() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"queue":      s.checkQueue,
		"store":      func(context.Context) error { return s.health.lastFlushes() },
		"embedding":  s.checkEmbedding,
		"encryption": s.checkEncryption,
	}
}

func (s *Service) checkQueue(context.Context) error {
	if depth, capacity := s.queue.Depth(), s.queue.Capacity(); depth*10 >= capacity*9 {
		return fmt.Errorf("%d of %d places are taken: documents come faster than they are stored", depth, capacity)
	}
	return nil
}

// checkEmbedding asks each model in use for one vector.
func (s *Service) checkEmbedding(ctx context.Context) error {
	asked := map[*embedding.Model]bool{}
	for _, a := range s.config.Accounts {
		model := s.tenants[a.Name].model
		if asked[model] {
			continue
		}
		asked[model] = true
		_, err := model.Embed(ctx, embedding.Probe, []string{"health"})
		if errors.Is(err, embedding.ErrOverloaded) {
			// One transient failure is no illness.
			_, err = model.Embed(ctx, embedding.Probe, []string{"health"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkEncryption(context.Context) error {
	for _, a := range s.config.Accounts {
		if err := s.vault.Probe(a.Name); err != nil {
			return err
		}
	}
	return nil
}

// noteFlush remembers how a flush of a shard ended.
func (h *health) noteFlush(shard int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushes[shard] = err
}

func (h *health) lastFlushes() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.flushes...)
}

// run checks all components at each interval until the context ends.
func (h *health) run(ctx context.Context) {
	for {
		h.checkAll(ctx)
		if pause.For(ctx, h.interval) != nil {
			return
		}
	}
}

func (h *health) checkAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.interval)
	defer cancel()
	for _, component := range slices.Sorted(maps.Keys(h.checks)) {
		err := h.checks[component](ctx)
		if errors.Is(err, context.Canceled) {
			return // the service is stopping, which says nothing of its parts
		}
		h.note(component, err)
	}
}

func (h *health) note(component string, err error) {
	h.mu.Lock()
	before, known := h.found[component]
	h.found[component] = err
	h.mu.Unlock()
	value := 1.0
	if err != nil {
		value = 0
	}
	h.up.Set(value, component)
	switch {
	case err != nil && (before == nil || !known):
		h.log.Warn("component is down", "component", component, "err", err)
	case err == nil && before != nil:
		h.log.Info("component is up again", "component", component)
	}
}

// Components returns the names of the service's parts whose health is checked,
// sorted.
func (s *Service) Components() []string { return slices.Sorted(maps.Keys(s.health.checks)) }

// Health returns how the last check of a component ended; nil is well, and so is
// a component that was not checked yet.
func (s *Service) Health(component string) error {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	return s.health.found[component]
}

// report is what is known of the components.
type report struct {
	Status     string            `json:"status"`
	Components map[string]string `json:"components"`
}

func (h *health) report() report {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := report{Status: "up", Components: make(map[string]string, len(h.checks))}
	for component := range h.checks {
		err, checked := h.found[component]
		switch {
		case !checked:
			r.Components[component] = "not checked yet"
		case err != nil:
			r.Components[component] = "down: " + err.Error()
			r.Status = "degraded"
		default:
			r.Components[component] = "up"
		}
	}
	return r
}

func (s *Service) getHealth(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.health.report())
}

func (s *Service) getReady(w http.ResponseWriter, _ *http.Request) {
	if !s.ready.Load() {
		answer(w, http.StatusServiceUnavailable, "not ready: the service is starting or stopping")
		return
	}
	answer(w, http.StatusOK, "ready")
}
