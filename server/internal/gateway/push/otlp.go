package push

import (
	"encoding/binary"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/metertree/metertree/metric"
)

func decodeOTLP(body []byte, limits Limits) (*Batch, error) {
	counted := scan{limits: limits}
	if err := counted.walk(body, exportRequest, 0); err != nil {
		return nil, err
	}
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalProto(body); err != nil {
		return nil, fmt.Errorf("%w: not OTLP in protobuf: %w", ErrMalformed, err)
	}
	return fromOTLP(request.Metrics(), limits)
}

func decodeOTLPJSON(body []byte, limits Limits) (batch *Batch, err error) {
	if err := scanJSON(body, limits); err != nil {
		return nil, err
	}
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return nil, fmt.Errorf("%w: not OTLP in JSON: %w", ErrMalformed, err)
	}
	return fromOTLP(request.Metrics(), limits)
}

// otlp is a request being turned into a batch.
type otlp struct {
	limits Limits
	batch  *Batch
	arena  []byte
	labels []metric.Label
	names  names
}

// arenaSize is how much memory for labels is taken at once.
const arenaSize = 64 << 10

func fromOTLP(md pmetric.Metrics, limits Limits) (*Batch, error) {
	points := md.DataPointCount()
	if err := limits.points(points); err != nil {
		return nil, err
	}
	d := otlp{limits: limits, batch: &Batch{Points: points}, names: names{}}
	resources := md.ResourceMetrics()
	for i := range resources.Len() {
		resource := resources.At(i)
		scopes := resource.ScopeMetrics()
		for j := range scopes.Len() {
			d.scope(resource.Resource(), scopes.At(j))
		}
	}
	return d.batch, nil
}

// scope adds one resource and instrumentation scope as a source.
func (d *otlp) scope(resource pcommon.Resource, scope pmetric.ScopeMetrics) {
	s := d.source(resource.Attributes(), scope.Scope())
	metrics := scope.Metrics()
	s.Metrics = make([]Metric, 0, metrics.Len())
	refusal, ok := d.limits.check("resource", s.Labels)
	if n := resource.Attributes().Len() + scope.Scope().Attributes().Len(); ok && n > d.limits.Labels {
		ok, refusal = false, Refusal{"resource", TooLong, fmt.Sprintf("%d resource attributes, at most %d are taken: drop some", n, d.limits.Labels)}
	}
	if most := d.limits.Labels * (d.limits.Name + d.limits.Value); ok && len(s.Identity) > most {
		ok, refusal = false, Refusal{"resource", TooLong, fmt.Sprintf("resource attributes of %d bytes, at most %d are taken: drop some", len(s.Identity), most)}
	}
	for i := range metrics.Len() {
		m := metrics.At(i)
		if !ok {
			d.batch.Refused.AddMany(refusal, max(pointsOf(m), 0))
			continue
		}
		if one, taken := d.metric(m); taken && len(one.Points) > 0 {
			s.Metrics = append(s.Metrics, one)
		}
	}
	if len(s.Metrics) > 0 {
		d.batch.Sources = append(d.batch.Sources, s)
	}
}

// source tells who counts. Of the resource, the service becomes the label job and
// its instance the label instance, as in Prometheus; all of it is identity.
func (d *otlp) source(attributes pcommon.Map, scope pcommon.InstrumentationScope) Source {
	var s Source
	identity := appendAttributes([]byte("otlp"), attributes)
	identity = appendString(appendString(identity, scope.Name()), scope.Version())
	s.Identity = string(appendAttributes(identity, scope.Attributes()))
	job := textOf(attributes, "service.name")
	if namespace := textOf(attributes, "service.namespace"); namespace != "" && job != "" {
		job = namespace + "/" + job
	}
	if instance := textOf(attributes, "service.instance.id"); instance != "" {
		s.Labels = append(s.Labels, metric.Label{Name: "instance", Value: instance})
	}
	if job != "" {
		s.Labels = append(s.Labels, metric.Label{Name: "job", Value: job})
	}
	for _, key := range d.limits.Promote {
		if text := textOf(attributes, key); text != "" {
			s.Labels = append(s.Labels, metric.Label{Name: d.names.label(key), Value: text})
		}
	}
	sortLabels(s.Labels)
	return s
}

func textOf(attributes pcommon.Map, key string) string {
	if v, found := attributes.Get(key); found {
		return v.AsString()
	}
	return ""
}

// appendAttributes appends attributes in the order of their keys.
func appendAttributes(b []byte, attributes pcommon.Map) []byte {
	type pair struct{ key, value string }
	pairs := make([]pair, 0, attributes.Len())
	for key, value := range attributes.All() {
		pairs = append(pairs, pair{key, value.AsString()})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return 0
	})
	b = binary.AppendUvarint(b, uint64(len(pairs)))
	for _, p := range pairs {
		b = appendString(appendString(b, p.key), p.value)
	}
	return b
}

// metric turns one metric into ours; what cannot be is refused with all its
// points.
func (d *otlp) metric(from pmetric.Metric) (Metric, bool) {
	to := Metric{Help: d.limits.help(from.Description())}
	temporality := pmetric.AggregationTemporalityCumulative
	switch from.Type() {
	case pmetric.MetricTypeGauge:
		to.Kind = metric.Gauge
	case pmetric.MetricTypeSum:
		to.Kind = metric.UpDownCounter
		if from.Sum().IsMonotonic() {
			to.Kind = metric.Counter
		}
		temporality = from.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		to.Kind, to.Shape = metric.Histogram, Explicit
		temporality = from.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		to.Kind, to.Shape = metric.Histogram, Exponential
		temporality = from.ExponentialHistogram().AggregationTemporality()
	case pmetric.MetricTypeSummary:
		to.Kind, to.Shape = metric.Histogram, Summary
	default:
		return to, false // it has no points
	}
	refuse := func(reason Reason, cause string) (Metric, bool) {
		d.batch.Refused.AddMany(Refusal{from.Name(), reason, cause}, pointsOf(from))
		return to, false
	}
	switch temporality {
	case pmetric.AggregationTemporalityDelta:
		to.Delta = true
	case pmetric.AggregationTemporalityCumulative:
	default:
		return refuse(Malformed, "its aggregation temporality is not given: send delta or cumulative")
	}
	var err error
	if to.Name, to.Unit, err = d.names.metric(from.Name(), from.Unit(), to.Kind, to.Shape); err != nil {
		return refuse(BadName, err.Error())
	}
	if len(to.Name) > d.limits.Name {
		return refuse(TooLong, fmt.Sprintf("the name has %d bytes, at most %d are taken: shorten it", len(to.Name), d.limits.Name))
	}
	d.points(&to, from)
	return to, true
}

func pointsOf(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	}
	return 0
}

// encode returns the labels of a point.
func (d *otlp) encode(name string, attributes pcommon.Map) ([]byte, bool) {
	d.labels = d.labels[:0]
	for key, value := range attributes.All() {
		name := d.names.label(key)
		text := ""
		if value.Type() == pcommon.ValueTypeStr {
			text = value.Str()
		} else {
			text = value.AsString()
		}
		d.labels = append(d.labels, metric.Label{Name: name, Value: text})
	}
	if len(d.labels) > 1 {
		sortLabels(d.labels)
		d.labels = joinSame(d.labels)
	}
	if refusal, ok := d.limits.check(name, d.labels); !ok {
		d.batch.Refused.Add(refusal)
		return nil, false
	}
	from := len(d.arena)
	if cap(d.arena)-from < 1024 {
		d.arena, from = make([]byte, 0, arenaSize), 0
	}
	d.arena = AppendLabels(d.arena, d.labels)
	return d.arena[from:len(d.arena):len(d.arena)], true
}

// joinSame joins the values of names that became the same with semicolons, as
// OpenTelemetry's rules for Prometheus say.
func joinSame(labels []metric.Label) []metric.Label {
	out := labels[:1]
	for _, l := range labels[1:] {
		if last := &out[len(out)-1]; last.Name == l.Name {
			last.Value += ";" + l.Value
		} else {
			out = append(out, l)
		}
	}
	return out
}
