package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// statusPanic is how a task of Do ends that panics.
const statusPanic = "panic"

// Tasks meters tasks of all types. Its methods may be called from any goroutine,
// and do not allocate once their series exist. The zero Tasks does nothing.
type Tasks struct {
	started  meter.CounterOf[kind]
	finished meter.CounterOf[ended]
	duration meter.HistogramOf[kind]
	running  meter.UpDownCounter
}

type kind struct{ TaskType string }

type ended struct{ TaskType, Status string }

// New defines the meters of tasks.
func New(scope meter.Scope) (*Tasks, error) {
	var t Tasks
	var errs [5]error
	t.started, errs[0] = meter.NewCounter[kind](scope, "started_total", meter.Help("Tasks that began."))
	t.finished, errs[1] = meter.NewCounter[ended](scope, "finished_total", meter.Role(metric.RoleTraffic),
		meter.Help("Tasks that ended, by how they did."))
	t.duration, errs[2] = meter.NewHistogram[kind](scope, "duration_seconds", meter.Unit("seconds"), meter.Role(metric.RoleLatency),
		meter.Help("How long tasks took."))
	t.running, errs[3] = scope.NewUpDownCounter("running", meter.Keys("task_type"), meter.Help("Tasks that run now."))
	errs[4] = meter.Ratio(scope, "error_ratio", t.finished, meter.Where("status", outcome.Error, statusPanic), meter.Role(metric.RoleErrors),
		meter.Help("How much of the tasks fails or panics."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of tasks: %w", err)
	}
	return &t, nil
}

// Run is a task under way.
type Run struct {
	tasks    *Tasks
	taskType string
	start    time.Time
}

// Started counts a task that begins. Call Done of what it returns exactly once,
// or use Do.
func (t *Tasks) Started(taskType string) Run {
	t.started.Inc(kind{taskType})
	t.running.Add(1, taskType)
	return Run{t, taskType, time.Now()}
}

// Done counts the end of the task: its status is ok if err is nil, otherwise
// error.
func (r Run) Done(err error) { r.done(outcome.Status(err)) }

func (r Run) done(status string) {
	r.tasks.running.Add(-1, r.taskType)
	r.tasks.duration.Observe(time.Since(r.start).Seconds(), kind{r.taskType})
	r.tasks.finished.Inc(ended{r.taskType, status})
}

// Do runs a task, and counts it however it ends: a panic goes on after it was
// counted.
func (t *Tasks) Do(ctx context.Context, taskType string, task func(context.Context) error) error {
	run, status := t.Started(taskType), statusPanic
	// Deferred, because the task may panic or end its goroutine.
	defer func() { run.done(status) }()
	err := task(ctx)
	status = outcome.Status(err)
	return err
}
