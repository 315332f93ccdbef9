// Package ingest meters the ingestion of resources: how many and how large, and
// the time of each stage.
//
// The names are within the scope given, usually one with the segment ingest. The
// key context_type is the kind of resource, and operation the stage, such as
// parse, embed and store.
//
//	name                                   kind           what
//	resources_total{context_type,status}   counter        resources that were handled: ok or error
//	bytes_total{context_type}              counter        bytes of resources handled without an error
//	chunks_total{context_type}             counter        chunks they were cut into
//	duration_seconds{context_type}         histogram      how long resources took
//	stage_duration_seconds{operation}      histogram      how long stages took, those included that failed
//	in_progress{context_type}              updowncounter  resources that are being handled
//
// The ratio error_ratio is the resources that failed, of all that were handled.
//
// Where a resource comes from is never a label.
package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Ingest meters resources of all kinds. Its methods may be called from any
// goroutine, and do not allocate once their series exist. The zero Ingest does
// nothing.
type Ingest struct {
	resources     meter.CounterOf[ended]
	bytes, chunks meter.CounterOf[kind]
	duration      meter.HistogramOf[kind]
	stages        meter.HistogramOf[stage]
	inProgress    meter.UpDownCounter
}

type kind struct{ ContextType string }

type ended struct{ ContextType, Status string }

type stage struct{ Operation string }

// New defines the meters of ingestion.
func New(scope meter.Scope) (*Ingest, error) {
	var i Ingest
	var errs [7]error
	seconds := meter.Unit("seconds")
	i.resources, errs[0] = meter.NewCounter[ended](scope, "resources_total", meter.Role(metric.RoleTraffic),
		meter.Help("Resources that were handled, by how they ended."))
	i.bytes, errs[1] = meter.NewCounter[kind](scope, "bytes_total", meter.Unit("bytes"),
		meter.Help("Bytes of resources that were handled without an error."))
	i.chunks, errs[2] = meter.NewCounter[kind](scope, "chunks_total", meter.Help("Chunks that resources were cut into."))
	i.duration, errs[3] = meter.NewHistogram[kind](scope, "duration_seconds", seconds, meter.Role(metric.RoleLatency),
		meter.Help("How long resources took."))
	i.stages, errs[4] = meter.NewHistogram[stage](scope, "stage_duration_seconds", seconds, meter.Help("How long stages took."))
	i.inProgress, errs[5] = scope.NewUpDownCounter("in_progress", meter.Keys("context_type"),
		meter.Help("Resources that are being handled."))
	errs[6] = meter.Ratio(scope, "error_ratio", i.resources, meter.Where("status", outcome.Error), meter.Role(metric.RoleErrors),
		meter.Help("How much of the resources fails."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of ingestion: %w", err)
	}
	return &i, nil
}

// Resource is a resource that is being handled.
type Resource struct {
	ingest      *Ingest
	contextType string
	start       time.Time
}

// Started counts a resource that begins to be handled. Call Done of what it
// returns exactly once.
func (i *Ingest) Started(contextType string) Resource {
	i.inProgress.Add(1, contextType)
	return Resource{i, contextType, time.Now()}
}

// Size is how much a resource was.
type Size struct{ Bytes, Chunks int }

// Done counts the resource, and its size if err is nil.
func (r Resource) Done(size Size, err error) {
	if err != nil {
		size = Size{}
	}
	at := kind{r.contextType}
	r.ingest.inProgress.Add(-1, r.contextType)
	r.ingest.duration.Observe(time.Since(r.start).Seconds(), at)
	r.ingest.resources.Inc(ended{r.contextType, outcome.Status(err)})
	r.ingest.bytes.Add(int64(size.Bytes), at)
	r.ingest.chunks.Add(int64(size.Chunks), at)
}

// Stage is a stage under way.
type Stage struct {
	ingest    *Ingest
	operation string
	start     time.Time
}

// Stage begins to measure a stage of the resource. Call Done of what it returns
// when the stage ends.
func (r Resource) Stage(operation string) Stage {
	return Stage{r.ingest, operation, time.Now()}
}

// Done records how long the stage took.
func (s Stage) Done() {
	s.ingest.stages.Observe(time.Since(s.start).Seconds(), stage{s.operation})
}
