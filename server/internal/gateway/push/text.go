package push

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// processStart is the metric by which client libraries tell when their process
// began.
const processStart = "process_start_time_seconds"

// text is a text exposition being turned into a batch.
type text struct {
	limits Limits
	batch  *Batch
	at     int64
	start  int64
	group  metric.Labels
}

func decodeText(r Request, limits Limits, at int64) (*Batch, error) {
	if lines := bytes.Count(r.Body, []byte("\n")); lines > 2*limits.Points {
		return nil, fmt.Errorf("%w: %d lines, at most %d are taken: push fewer series", ErrTooLarge, lines, 2*limits.Points)
	}
	if refusal, ok := limits.check("group", r.Group.Labels); !ok {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, refusal)
	}
	families, err := parseText(r.Body)
	if err != nil && !bytes.HasSuffix(r.Body, []byte("\n")) {
		// To complete it could count a number that was cut.
		return nil, fmt.Errorf("%w: the text does not end with a line feed, as if it was cut off: end its last line with one (%w)", ErrMalformed, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: not the Prometheus text format: %w", ErrMalformed, err)
	}
	d := text{limits: limits, batch: &Batch{}, at: at, start: r.Group.Start, group: r.Group.Labels}
	if d.start == 0 {
		d.start = startOf(families[processStart])
	}
	source := Source{
		Identity: string(AppendLabels([]byte("text"), r.Group.Labels)),
		Labels:   r.Group.Labels,
		Replaces: r.Group.Replaces,
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if m := d.family(families[name]); len(m.Points) > 0 {
			source.Metrics = append(source.Metrics, m)
		}
	}
	if err := limits.points(d.batch.Points); err != nil {
		return nil, err
	}
	if len(source.Metrics) > 0 || source.Replaces {
		d.batch.Sources = append(d.batch.Sources, source)
	}
	return d.batch, nil
}

// parseText calls the parser, which panics at some malformed texts, such as a
// label set without a name.
func parseText(body []byte) (families map[string]*dto.MetricFamily, err error) {
	defer func() {
		if raised := recover(); raised != nil {
			err = fmt.Errorf("the parser gave up: %v", raised)
		}
	}()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(bytes.NewReader(body))
}

func startOf(f *dto.MetricFamily) int64 {
	if f == nil || len(f.Metric) == 0 {
		return 0
	}
	seconds := f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetUntyped().GetValue()
	if !(seconds > 0 && seconds < math.MaxInt64/1e9) {
		return 0
	}
	return int64(seconds * 1e9)
}

func (d *text) family(f *dto.MetricFamily) Metric {
	m := Metric{Name: f.GetName(), Help: d.limits.help(f.GetHelp())}
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		m.Kind = metric.Counter
	case dto.MetricType_GAUGE:
		m.Kind = metric.Gauge
	case dto.MetricType_HISTOGRAM:
		m.Kind, m.Shape = metric.Histogram, Explicit
	case dto.MetricType_SUMMARY:
		m.Kind, m.Shape = metric.Histogram, Summary
	}
	for _, from := range f.Metric {
		d.batch.Points++
		if refusal, ok := d.point(&m, from); !ok {
			d.batch.Refused.Add(refusal)
		}
	}
	return m
}

// point adds one, or says why it cannot be taken.
func (d *text) point(m *Metric, from *dto.Metric) (Refusal, bool) {
	if err := metric.ValidateName(m.Name); err != nil {
		return Refusal{brief(m.Name), BadName, err.Error()}, false
	}
	if len(m.Name) > d.limits.Name {
		return Refusal{brief(m.Name), TooLong, fmt.Sprintf("the name has %d bytes, at most %d are taken: shorten it", len(m.Name), d.limits.Name)}, false
	}
	labels := make([]metric.Label, 0, len(from.Label))
	for _, pair := range from.Label {
		// What the path says holds, as with the Pushgateway.
		if !slices.ContainsFunc(d.group, func(l metric.Label) bool { return l.Name == pair.GetName() }) {
			labels = append(labels, metric.Label{Name: pair.GetName(), Value: pair.GetValue()})
		}
	}
	sortLabels(labels)
	if refusal, ok := d.limits.check(m.Name, labels); !ok {
		return refusal, false
	}
	p := Point{Labels: AppendLabels(nil, labels), Start: d.start, Time: d.at}
	if from.TimestampMs != nil {
		if p.Time = nanos(from.GetTimestampMs()); p.Time == 0 {
			return Refusal{m.Name, Malformed, "a timestamp before 1970: give milliseconds, or none"}, false
		}
	}
	if p.Start > p.Time {
		return Refusal{m.Name, Malformed, "the process began after the time of the point: check start= and process_start_time_seconds"}, false
	}
	return d.value(m, p, from)
}

func (d *text) value(m *Metric, p Point, from *dto.Metric) (Refusal, bool) {
	if (m.Shape == Explicit) != (from.Histogram != nil) || (m.Shape == Summary) != (from.Summary != nil) {
		// The parser takes samples without a name for those of the last family.
		return Refusal{m.Name, Malformed, "its samples are not those of its type: check the names of the samples"}, false
	}
	switch {
	case from.Histogram != nil:
		h := from.Histogram
		state, err := explicitOf(h)
		if err != nil {
			return Refusal{m.Name, Malformed, err.Error()}, false
		}
		p.Distribution = &Distribution{Explicit: state}
		if refusal, ok := checkDistribution(m.Name, p.Distribution, h.GetSampleCount(), d.limits); !ok {
			return refusal, false
		}
	case from.Summary != nil:
		s := from.Summary
		p.Distribution = &Distribution{Explicit: aggregate.ExplicitState{Counts: []uint64{s.GetSampleCount()}, Sum: s.GetSampleSum()}}
		if refusal, ok := checkDistribution(m.Name, p.Distribution, s.GetSampleCount(), d.limits); !ok {
			return refusal, false
		}
	default:
		// Only one of them is set.
		p.Float = from.GetCounter().GetValue() + from.GetGauge().GetValue() + from.GetUntyped().GetValue()
		if refusal, ok := checkNumber(m, &p); !ok {
			return refusal, false
		}
	}
	m.Points = append(m.Points, p)
	return Refusal{}, true
}

// explicitOf turns cumulative buckets into counts of each.
func explicitOf(h *dto.Histogram) (aggregate.ExplicitState, error) {
	s := aggregate.ExplicitState{Sum: h.GetSampleSum()}
	buckets := slices.Clone(h.Bucket)
	slices.SortStableFunc(buckets, func(a, b *dto.Bucket) int {
		switch {
		case a.GetUpperBound() < b.GetUpperBound():
			return -1
		case a.GetUpperBound() > b.GetUpperBound():
			return 1
		}
		return 0
	})
	below := uint64(0)
	for _, b := range buckets {
		n := b.GetCumulativeCount()
		if n < below {
			return s, fmt.Errorf("the bucket up to %v holds %d, less than the %d of those before it", b.GetUpperBound(), n, below)
		}
		if math.IsInf(b.GetUpperBound(), 1) {
			break
		}
		s.Bounds, s.Counts = append(s.Bounds, b.GetUpperBound()), append(s.Counts, n-below)
		below = n
	}
	if h.GetSampleCount() < below {
		return s, fmt.Errorf("the count is %d, less than the %d of the buckets", h.GetSampleCount(), below)
	}
	s.Counts = append(s.Counts, h.GetSampleCount()-below)
	return s, nil
}
