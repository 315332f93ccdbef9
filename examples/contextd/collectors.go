package contextd

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// refreshing is how often what is read at collections is read anew.
var refreshing = collect.Schedule{TTL: time.Second}

// collect adds a collector, if there is a refresher.
func (s *Service) collect(name string, c collect.Collector) error {
	if s.config.Refresher == nil {
		return nil
	}
	_, err := s.config.Refresher.Add(name, c, refreshing)
	return err
}

// addCollectors adds what is read at collections: states, statistics, and the
// probe that only returns what is known.
func (s *Service) addCollectors(scope meter.Scope) error {
	store, storeErr := newStoreCollector(scope.Scope("store"), s.store)
	probe, probeErr := collect.Probe(scope, "service", s.probeService)
	if err := errors.Join(storeErr, probeErr); err != nil {
		return err
	}
	return errors.Join(
		s.collect("ingest_queue", s.queue.Collector()),
		s.collect("memory_queue", s.memories.Collector()),
		s.collect("plain_cache", s.plain.Collector()),
		s.collect("sealed_cache", s.sealed.Collector()),
		s.collect("store", store),
		s.collect("service_probe", probe),
	)
}

// probeService tells what the service knows of itself.
func (s *Service) probeService(context.Context) error {
	switch {
	case s.stopping.Load():
		return errors.New("the service is stopping or has stopped")
	case !s.ready.Load():
		return collect.ErrUnknown
	}
	return nil
}

// newStoreCollector makes metrics of the totals that the store keeps by itself.
func newStoreCollector(scope meter.Scope, store *segment.Store) (collect.Collector, error) {
	var errs [6]error
	appends, err := scope.NewCounter("appends_total", meter.Keys("shard", "status"), meter.Help("Batches handed to a shard."))
	errs[0] = err
	rewrites, err := scope.NewCounter("segment_rewrites_total", meter.Keys("shard"),
		meter.Help("Segments rewritten because most of their documents were superseded."))
	errs[1] = err
	key, sum := meter.Keys("shard"), meter.Fold(metric.FoldSum)
	segments, err := scope.NewGauge("segments", key, sum, meter.Help("Segments of a shard."))
	errs[2] = err
	live, err := scope.NewGauge("live_bytes", key, sum, meter.Unit("bytes"), meter.Help("Bytes of documents that can be read."))
	errs[3] = err
	dead, err := scope.NewGauge("dead_bytes", key, sum, meter.Unit("bytes"),
		meter.Help("Bytes of superseded documents that are not reclaimed yet."))
	errs[4] = err
	errs[5] = scope.GaugeFunc("documents", func(o *meter.Observer) {
		store.Documents(func(account string, documents int) { o.Float(float64(documents), account) })
	}, meter.Keys("account_id"), meter.PerTenant(), sum, meter.Help("Documents that can be read."))
	write := func(shards []segment.ShardStatistics, out *collect.Totals) {
		for i, shard := range shards {
			at := strconv.Itoa(i)
			out.Total(appends, shard.Appended, at, "ok")
			out.Total(appends, shard.Failed, at, "error")
			out.Total(rewrites, shard.Rewrites, at)
			out.Set(segments, float64(shard.Segments), at)
			out.Set(live, float64(shard.LiveBytes), at)
			out.Set(dead, float64(shard.DeadBytes), at)
		}
	}
	read := func(context.Context) ([]segment.ShardStatistics, error) { return store.Statistics(), nil }
	return collect.Statistics(read, write), errors.Join(errs[:]...)
}
