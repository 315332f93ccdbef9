package prometheus

import (
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
)

// encoder is one format. All methods append to b and return it. The writer calls
// begin before a family's first point and end after its last, and finish once.
type encoder interface {
	begin(b []byte, h *head) []byte
	// number writes a counter or a gauge. The extra label is not part of the
	// point's set.
	number(b []byte, p *metric.Point, extra label) []byte
	histogram(b []byte, d *distribution) []byte
	totals(b []byte, t *totals) []byte
	end(b []byte) []byte
	finish(b []byte) []byte
	// limit is the size at which the buffer is to be handed over within a
	// family, between suspend and resume.
	limit() int
	suspend(b []byte) []byte
	resume(b []byte) []byte
	// reset frees what a scrape left, and keeps memory for the next.
	reset()
}

func newEncoder(f Format) encoder {
	switch f {
	case OpenMetrics:
		return &openMetricsEncoder{lines: lines{buckets: bucketLabels{bound: appendCanonical}}, seen: map[string]struct{}{}}
	case Protobuf:
		return &protobufEncoder{}
	}
	return &textEncoder{lines{buckets: bucketLabels{bound: appendBound}}}
}

// shape is what an exposition calls a type.
type shape uint8

const (
	unknown shape = iota
	counter
	gauge
	histogram
	// summary is one without quantiles: a sum and a count.
	summary
)

// head is what the points of an exposed family have in common.
type head struct {
	// name and suffix together are the name, lead and help the help text.
	name, suffix string
	lead, help   string
	unit         string
	shape        shape
	// whole says that values are in Point.Int.
	whole   bool
	created Created
}

// hasUnit reports whether a name ends with the unit, as formats that tell the
// unit demand.
func (h *head) hasUnit(name string) bool {
	rest, ends := strings.CutSuffix(name, h.unit)
	return h.unit != "" && h.suffix == "" && ends && len(rest) > 1 && rest[len(rest)-1] == '_'
}

// label is one label outside of a set; without a name there is none. Its value
// needs no escaping.
type label struct{ name, value string }

// distribution is one series of a histogram: always with explicit buckets, and
// with exponential ones if it has them.
type distribution struct {
	labels      string
	start       time.Time
	explicit    metric.HistogramPoint
	exponential *metric.ExponentialPoint
	// exemplars has one for each explicit bucket, or none at all; offered are
	// those of exponential buckets.
	exemplars, offered []*metric.Exemplar
}

// totals is one series of a summary.
type totals struct {
	labels string
	start  time.Time
	count  uint64
	sum    float64
}
