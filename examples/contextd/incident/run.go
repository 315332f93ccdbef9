package incident

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Config says what happens when.
type Config struct {
	// Schedule is when; the zero one is never.
	Schedule Schedule
	// Incidents happen in turn.
	Incidents []Incident
	// Scope gets the gauge incident_active and the counter incidents_total.
	Scope meter.Scope
	// Logger gets a line at the start and the end of each; nil discards them.
	Logger *slog.Logger
}

// Run lets incidents happen until the context ends, and ends the one that is
// under way.
func Run(ctx context.Context, config Config) error {
	if err := config.Schedule.check(); err != nil {
		return err
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMeters(config)
	if err != nil {
		return err
	}
	if config.Schedule == (Schedule{}) || len(config.Incidents) == 0 {
		<-ctx.Done()
		return nil
	}
	next := time.Now().Add(config.Schedule.First)
	for n := 0; pause.For(ctx, time.Until(next)) == nil; n++ {
		kinds := len(config.Incidents)
		if err := happen(ctx, config, m, config.Incidents[n%kinds], n/kinds); err != nil {
			return err
		}
		next = next.Add(config.Schedule.Every)
	}
	return nil
}

type meters struct {
	active meter.Gauge
	total  meter.Counter
}

func newMeters(config Config) (m meters, err error) {
	var activeErr, totalErr error
	m.active, activeErr = config.Scope.NewGauge("incident_active", meter.Keys("kind"), meter.Fold(metric.FoldSum),
		meter.Help("Whether an incident of this kind is under way: 1 or 0."))
	m.total, totalErr = config.Scope.NewCounter("incidents_total", meter.Keys("kind"),
		meter.Help("Incidents that were started."))
	for _, i := range config.Incidents {
		m.active.Set(0, i.Kind)
		m.total.Add(0, i.Kind)
	}
	return m, errors.Join(activeErr, totalErr)
}

// happen lets one incident last for its time or until the context ends.
func happen(ctx context.Context, config Config, m meters, i Incident, n int) error {
	what, end, err := i.Begin(n)
	if err != nil {
		return fmt.Errorf("incident %s: %w", i.Kind, err)
	}
	m.active.Set(1, i.Kind)
	m.total.Inc(i.Kind)
	config.Logger.Warn("incident starts", "kind", i.Kind, "lasting", config.Schedule.Lasting, "what", what)
	stopped := pause.For(ctx, config.Schedule.Lasting)
	end()
	m.active.Set(0, i.Kind)
	if stopped == nil {
		config.Logger.Info("incident is over", "kind", i.Kind)
	}
	return nil
}
