package gateway

import (
	"fmt"
	"runtime"
	"time"

	"github.com/metertree/metertree/collect/goruntime"
	"github.com/metertree/metertree/collect/process"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// selfMetrics are what the gateway tells about itself.
type selfMetrics struct {
	registry *registry.Registry

	points, refusedPoints, refusedPushes meter.Counter
	resets, conflicts, snapshots         meter.Counter
	evicted                              meter.Counter
	// evictedBefore is what was counted of them.
	evictedBefore            uint64
	commits, snapshotSeconds meter.Histogram

	streams, series, families, sources meter.Gauge
	fingerprints, unmerged, uneven     meter.Gauge
	journal, held                      meter.Gauge
}

// definer makes instruments until one cannot be.
type definer struct {
	scope meter.Scope
	err   error
}

func define[T any](d *definer, made func(string, ...meter.Option) (T, error), name, help string, options ...meter.Option) T {
	instrument, err := made(name, append(options, meter.Help(help))...)
	if d.err == nil && err != nil {
		d.err = err
	}
	return instrument
}

func newSelfMetrics(o Options) (*selfMetrics, error) {
	m := &selfMetrics{registry: registry.New(registry.Options{Logger: o.Logger})}
	root := meter.New(m.registry)
	own := root.Scope("metertree")
	if err := goruntime.Register(root); err != nil {
		return nil, err
	}
	if err := process.Register(root); err != nil {
		return nil, err
	}
	build, err := own.NewGauge("build_info", meter.Keys("service", "version", "goversion"), meter.Fold(metric.FoldSum),
		meter.Help("Constant 1, labelled with what the program is and what it was built from."))
	if err != nil {
		return nil, err
	}
	build.Set(1, "metertree", o.Version, runtime.Version())
	d := definer{scope: own.Scope("gateway")}
	m.defineCounters(&d)
	m.defineGauges(&d)
	if d.err != nil {
		return nil, fmt.Errorf("gateway: %w", d.err)
	}
	m.start()
	return m, nil
}

func (m *selfMetrics) defineCounters(d *definer) {
	s := d.scope
	m.points = define(d, s.NewCounter, "points_total", "Points taken, by whether they changed a total (merged), were there before (repeated) or came late and are included in others (covered).", meter.Keys("protocol", "outcome"))
	m.refusedPoints = define(d, s.NewCounter, "refused_points_total", "Points refused, by reason.", meter.Keys("reason"))
	m.refusedPushes = define(d, s.NewCounter, "refused_pushes_total", "Pushes refused as a whole, by reason.", meter.Keys("reason"))
	m.resets = define(d, s.NewCounter, "resets_total", "Restarts of processes that were seen in their counters.")
	m.conflicts = define(d, s.NewCounter, "conflicts_total", "Points taken although two processes seem to write one stream.")
	m.evicted = define(d, s.NewCounter, "evicted_fingerprints_total", "Fingerprints dropped early because there were too many.")
	m.snapshots = define(d, s.NewCounter, "snapshots_total", "Snapshots of the state, by result.", meter.Keys("result"))
	m.commits = define(d, s.NewHistogram, "commit_seconds", "Time to store and merge the pushes that wait at once.", meter.Unit("seconds"),
		meter.Buckets(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5))
	m.snapshotSeconds = define(d, s.NewHistogram, "snapshot_seconds", "Time to write a snapshot, during which pushes wait.", meter.Unit("seconds"),
		meter.Buckets(.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10))
}

func (m *selfMetrics) defineGauges(d *definer) {
	s, sum := d.scope, meter.Fold(metric.FoldSum)
	m.streams = define(d, s.NewGauge, "streams", "Streams that are followed.", sum)
	m.series = define(d, s.NewGauge, "series", "Series that streams are merged into.", sum)
	m.families = define(d, s.NewGauge, "families", "Metrics by name.", sum)
	m.sources = define(d, s.NewGauge, "sources", "Processes and groups that are followed.", sum)
	m.fingerprints = define(d, s.NewGauge, "fingerprints", "Idle streams of which only the last value is remembered.", sum)
	m.unmerged = define(d, s.NewGauge, "unmerged_series", "Series left out because their gauges are declared to have no common value.", sum)
	m.uneven = define(d, s.NewGauge, "uneven_histograms", "Classic histograms pushed by remote write whose instances seem to have different bounds.", sum)
	m.held = define(d, s.NewGauge, "held_bytes", "About how many bytes labels and buckets take.", sum, meter.Unit("bytes"))
	m.journal = define(d, s.NewGauge, "journal_bytes", "Size of the journal.", sum, meter.Unit("bytes"))
}

// outcomes are the values of a label.
const (
	merged   = "merged"
	repeated = "repeated"
	covered  = "covered"
)

// The reasons for which pushes are refused as a whole.
const (
	busy        = "busy"
	tooLarge    = "too_large"
	malformed   = "malformed"
	unavailable = "unavailable"
)

// start makes every series known before it counts, so that rates see the first
// increment.
func (m *selfMetrics) start() {
	for _, p := range push.Protocols {
		for _, outcome := range []string{merged, repeated, covered} {
			m.points.Add(0, p.String(), outcome)
		}
	}
	for _, reason := range push.Reasons {
		m.refusedPoints.Add(0, string(reason))
	}
	for _, reason := range []string{busy, tooLarge, malformed, unavailable} {
		m.refusedPushes.Add(0, reason)
	}
	m.snapshots.Add(0, "success")
	m.snapshots.Add(0, "failure")
	m.resets.Add(0)
	m.conflicts.Add(0)
	m.unmerged.Set(0)
	m.uneven.Set(0)
}

// count adds what became of a push.
func (m *selfMetrics) count(p push.Protocol, o *merge.Outcome) {
	m.points.Add(int64(o.Merged), p.String(), merged)
	m.points.Add(int64(o.Repeated), p.String(), repeated)
	m.points.Add(int64(o.Covered), p.String(), covered)
	for reason, n := range o.Refused.Counts {
		m.refusedPoints.Add(int64(n), string(reason))
	}
	m.resets.Add(int64(o.Resets))
	m.conflicts.Add(int64(o.Conflicts))
}

// measure tells how much there is. Only the committer calls it.
func (m *selfMetrics) measure(s *merge.State, journal int64) {
	size := s.Size()
	m.streams.Set(float64(size.Streams))
	m.series.Set(float64(size.Series))
	m.families.Set(float64(size.Families))
	m.sources.Set(float64(size.Sources))
	m.fingerprints.Set(float64(size.Fingerprints))
	m.held.Set(float64(size.Held))
	m.evicted.Add(int64(s.Evicted() - m.evictedBefore))
	m.evictedBefore = s.Evicted()
	m.journal.Set(float64(journal))
}

func (m *selfMetrics) snapshot(took time.Duration, err error) {
	result := "success"
	if err != nil {
		result = "failure"
	}
	m.snapshots.Add(1, result)
	m.snapshotSeconds.Observe(took.Seconds())
}
