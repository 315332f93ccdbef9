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

	healthmeters "github.com/metertree/metertree/collect/health"
	"github.com/metertree/metertree/collect/probe"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/language"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
)

// health probes the components regularly and remembers what it found.
type health struct {
	interval time.Duration
	log      *slog.Logger
	probes   map[string]*probe.Probe
	meters   *healthmeters.Health

	mu sync.Mutex
	// found is the last outcome by component: nil is well.
	found map[string]error
	// flushes is the last outcome of each shard's flushes.
	flushes []error
}

func newHealth(scope meter.Scope, checks map[string]func(context.Context) error, config Config) (*health, error) {
	h := &health{
		interval: config.HealthInterval,
		log:      config.Logger,
		probes:   map[string]*probe.Probe{},
		found:    map[string]error{},
		flushes:  make([]error, config.Shards),
	}
	var err error
	if h.meters, err = healthmeters.New(scope.Scope("component")); err != nil {
		return nil, err
	}
	for component, check := range checks {
		h.probes[component], err = probe.New(scope.Scope("probe"), probe.Config{Component: component, Check: check})
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// components are the checks of the service's parts.
func (s *Service) components() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"async":          s.checkQueues,
		"storage":        func(context.Context) error { return s.health.lastFlushes() },
		"retrieval":      s.checkRetrieval,
		"model_provider": s.checkModels,
		"encryption":     s.checkEncryption,
	}
}

func (s *Service) checkQueues(context.Context) error {
	for _, queue := range []interface {
		Depth() int
		Capacity() int
	}{s.queue, s.memories} {
		if depth, capacity := queue.Depth(), queue.Capacity(); depth*10 >= capacity*9 {
			return fmt.Errorf("%d of %d places are taken: work comes faster than it is done", depth, capacity)
		}
	}
	return nil
}

// checkRetrieval searches with a vector that is near to nothing.
func (s *Service) checkRetrieval(ctx context.Context) error {
	t := s.tenants[s.config.Accounts[0].Name]
	_, _, err := s.store.Search(ctx, t.Name, make(embedding.Vector, t.model.Dimensions()), leastScore, 1)
	return err
}

// checkModels asks each model in use once.
func (s *Service) checkModels(ctx context.Context) error {
	asked := map[*embedding.Model]bool{}
	for _, a := range s.config.Accounts {
		model := s.tenants[a.Name].model
		if asked[model] {
			continue
		}
		asked[model] = true
		if err := twice(func() error {
			_, _, err := model.Embed(ctx, embedding.Probe, []string{"health"})
			return err
		}); err != nil {
			return err
		}
	}
	return twice(func() error {
		_, err := s.models.writer.Write(ctx, language.Probe, "health")
		return err
	})
}

// twice repeats what fails because a model is overloaded: one transient failure is
// no illness.
func twice(ask func() error) error {
	err := ask()
	if overloaded(err) {
		err = ask()
	}
	return err
}

func (s *Service) checkEncryption(ctx context.Context) error {
	for _, a := range s.config.Accounts {
		if err := s.vault.Probe(ctx, a.Name); err != nil {
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

// run probes all components at each interval until the context ends.
func (h *health) run(ctx context.Context) {
	for {
		h.checkAll(ctx)
		if pause.For(ctx, h.interval) != nil {
			return
		}
	}
}

func (h *health) checkAll(ctx context.Context) {
	for _, component := range slices.Sorted(maps.Keys(h.probes)) {
		err := h.probes[component].Run(ctx)
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
	h.meters.Component(component).Checked(err)
	switch {
	case err != nil && (before == nil || !known):
		h.log.Warn("component is down", "component", component, "err", err)
	case err == nil && before != nil:
		h.log.Info("component is up again", "component", component)
	}
}

// Components returns the names of the service's parts whose health is checked,
// sorted.
func (s *Service) Components() []string { return slices.Sorted(maps.Keys(s.health.probes)) }

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
	r := report{Status: "up", Components: make(map[string]string, len(h.probes))}
	for component := range h.probes {
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
