package prometheus

import (
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
)

// openMetricsEncoder writes OpenMetrics 1.0. A parser of it refuses the whole
// scrape for what the format forbids, so that is left out: a counter that is
// below zero or no number, and a sum that may fall, unless its family is loose.
type openMetricsEncoder struct {
	lines
	// base is the family's name: that of a counter is without _total.
	base []byte
	// createds is the name of its _created samples, with a brace.
	createds []byte
	shape    shape
	created  Created
	// seen are the names of families, of which each may come once.
	seen map[string]struct{}
}

func (e *openMetricsEncoder) begin(b []byte, h *head) []byte {
	e.lines.begin(h)
	e.shape, e.created = h.shape, h.created
	family := h.name
	if h.shape == counter {
		family = e.counterFamily(h.name)
	}
	if h.suffix == "" {
		e.seen[family] = struct{}{}
	}
	e.base = append(append(e.base[:0], family...), h.suffix...)
	e.createds = append(append(e.createds[:0], e.base...), "_created{"...)
	b = comment(b, "# TYPE ", e.base)
	b = append(b, openMetricsTypes[e.shape]...)
	b = append(b, '\n')
	if h.hasUnit(family) {
		b = comment(b, "# UNIT ", e.base)
		b = append(b, h.unit...)
		b = append(b, '\n')
	}
	if h.help != "" {
		b = comment(b, "# HELP ", e.base)
		b = append(b, h.lead...)
		b = appendQuotedHelp(b, h.help)
		b = append(b, '\n')
	}
	return b
}

var openMetricsTypes = [...]string{
	unknown: "unknown", counter: "counter", gauge: "gauge", histogram: "histogram", summary: "summary",
}

// counterFamily returns the name of a counter's family. A counter that has no
// _total, or without it the name of another family, can only be shown as a
// family of an unknown type.
func (e *openMetricsEncoder) counterFamily(name string) string {
	family, ends := strings.CutSuffix(name, "_total")
	if _, taken := e.seen[family]; !ends || family == "" || taken {
		e.shape = unknown
		return name
	}
	return family
}

func (e *openMetricsEncoder) number(b []byte, p *metric.Point, extra label) []byte {
	if e.shape != counter {
		return e.lines.number(b, p, extra)
	}
	if e.whole && p.Int < 0 || !e.whole && !(p.Float >= 0) {
		return b
	}
	b = e.lines.number(b, p, extra)
	return e.createdSample(b, p.Labels.String(), p.Start)
}

func (e *openMetricsEncoder) createdSample(b []byte, labels string, start time.Time) []byte {
	if e.created != WithCreated || start.IsZero() {
		return b
	}
	b = series(b, e.createds, labels)
	return append(appendTime(b, start), '\n')
}

func (e *openMetricsEncoder) histogram(b []byte, d *distribution) []byte {
	if e.shape != histogram {
		// Of a loose family: only histograms may have exemplars.
		b, _ = e.bucketLines(b, d.labels, &d.explicit, nil)
		return b
	}
	b, count := e.bucketLines(b, d.labels, &d.explicit, d.exemplars)
	if bounds := d.explicit.Bounds; d.explicit.Sum >= 0 && (len(bounds) == 0 || bounds[0] >= 0) {
		// There may be no count without a sum.
		b = e.histogramCount(b, count)
		b = e.histogramSum(b, d.explicit.Sum)
	}
	return e.createdSample(b, d.labels, d.start)
}

func (e *openMetricsEncoder) totals(b []byte, t *totals) []byte {
	b = e.count(b, t.labels, t.count)
	b = e.sum(b, t.labels, t.sum)
	return e.createdSample(b, t.labels, t.start)
}

func (*openMetricsEncoder) end(b []byte) []byte     { return b }
func (*openMetricsEncoder) finish(b []byte) []byte  { return append(b, "# EOF\n"...) }
func (*openMetricsEncoder) limit() int              { return flushAt }
func (*openMetricsEncoder) suspend(b []byte) []byte { return b }
func (*openMetricsEncoder) resume(b []byte) []byte  { return b }
func (e *openMetricsEncoder) reset()                { clear(e.seen) }
