package prom

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/scrape"
)

// maxPushedFamilies bounds the memory that pushed metadata may take.
const maxPushedFamilies = 20_000

// pushedMetadata is the type, unit and help of metric families that arrived by
// remote write or OTLP. It is kept in memory and lost at a restart, as the
// metadata of scraped targets is; senders repeat theirs. It is safe for
// concurrent use.
type pushedMetadata struct {
	mu       sync.RWMutex
	families map[string]metadata.Metadata
	overflow prometheus.Counter
}

func newPushedMetadata(reg prometheus.Registerer) *pushedMetadata {
	p := &pushedMetadata{
		families: make(map[string]metadata.Metadata),
		overflow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "metertree_ingest_metadata_overflow_total",
			Help: "Pushed metadata not remembered because too many metric families have some already.",
		}),
	}
	reg.MustRegister(p.overflow)
	return p
}

// remember notes the metadata of a family. The newest wins.
func (p *pushedMetadata) remember(family string, m metadata.Metadata) {
	if family == "" || m.IsEmpty() {
		return
	}
	p.mu.RLock()
	known, ok := p.families[family]
	full := len(p.families) >= maxPushedFamilies
	p.mu.RUnlock()
	switch {
	case ok && known.Equals(m):
	case !ok && full:
		p.overflow.Inc()
	default:
		// Cloned, because the strings may point into a request's buffer.
		m.Unit, m.Help = strings.Clone(m.Unit), strings.Clone(m.Help)
		p.mu.Lock()
		p.families[strings.Clone(family)] = m
		p.mu.Unlock()
	}
}

// The methods below make it a scrape.MetricMetadataStore.

// ListMetadata gives all families, in no order.
func (p *pushedMetadata) ListMetadata() []scrape.MetricMetadata {
	p.mu.RLock()
	defer p.mu.RUnlock()
	list := make([]scrape.MetricMetadata, 0, len(p.families))
	for family, m := range p.families {
		list = append(list, asScraped(family, m))
	}
	return list
}

// GetMetadata gives one family.
func (p *pushedMetadata) GetMetadata(family string) (scrape.MetricMetadata, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	m, ok := p.families[family]
	return asScraped(family, m), ok
}

// SizeMetadata is the memory that the texts take, in bytes.
func (p *pushedMetadata) SizeMetadata() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	size := 0
	for family, m := range p.families {
		size += len(family) + len(m.Type) + len(m.Unit) + len(m.Help)
	}
	return size
}

// LengthMetadata is the number of families.
func (p *pushedMetadata) LengthMetadata() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.families)
}

func asScraped(family string, m metadata.Metadata) scrape.MetricMetadata {
	return scrape.MetricMetadata{MetricFamily: family, Type: m.Type, Help: m.Help, Unit: m.Unit}
}

// familyOf is the metric family that a series of this name and type belongs to.
func familyOf(series string, kind model.MetricType) string {
	var suffixes []string
	switch kind {
	case model.MetricTypeHistogram, model.MetricTypeGaugeHistogram:
		suffixes = []string{"_bucket", "_sum", "_count"}
	case model.MetricTypeSummary:
		suffixes = []string{"_sum", "_count"}
	}
	for _, suffix := range suffixes {
		if family, ok := strings.CutSuffix(series, suffix); ok {
			return family
		}
	}
	return series
}
