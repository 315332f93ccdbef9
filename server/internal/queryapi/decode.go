package queryapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/metertree/metertree/server/internal/promtree"
	"github.com/metertree/metertree/tree"
)

// answer is what a server said to one request.
type answer struct {
	samples []promtree.Sample // of an instant query
	series  []promtree.Series // of a range query
	strings []string          // of label values
	meta    map[string]tree.Metadata
	// truncated says that there were more elements than the limit.
	truncated bool
	warnings  []string

	status, errorText string
}

// maxWarnings bounds the warnings kept of one answer.
const maxWarnings = 5

// decoder reads one answer, element by element, so that what is beyond the limit
// is never held.
type decoder struct {
	json  *json.Decoder
	limit int // most elements of data
	into  answer
}

// decode reads an answer, of at most limit elements. Its errors wrap errNotJSON,
// errSyntax, io.ErrUnexpectedEOF, or what r returns.
func decode(r io.Reader, limit int) (*answer, error) {
	d := decoder{json: json.NewDecoder(r), limit: limit}
	token, err := d.json.Token()
	if err != nil {
		return nil, notJSON(err)
	}
	if token != json.Delim('{') {
		return nil, errNotJSON
	}
	if err := d.object(d.field); err != nil {
		return nil, syntax(err)
	}
	return &d.into, nil
}

func notJSON(err error) error {
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		return errNotJSON
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func syntax(err error) error {
	var bad *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &bad), errors.As(err, &kind):
		return fmt.Errorf("%w: %w", errSyntax, err)
	}
	return err
}

// object reads the rest of an object whose brace was read, until it ends or the
// limit is reached.
func (d *decoder) object(field func(name string) error) error {
	for d.json.More() {
		name, err := d.json.Token()
		if err != nil {
			return err
		}
		if err := field(fmt.Sprint(name)); err != nil || d.into.truncated {
			return err
		}
	}
	_, err := d.json.Token()
	return err
}

func (d *decoder) field(name string) error {
	switch name {
	case "status":
		return d.json.Decode(&d.into.status)
	case "error":
		return d.json.Decode(&d.into.errorText)
	case "data":
		return d.data()
	case "warnings":
		return d.warnings()
	case "isPartial":
		var partial bool
		err := d.json.Decode(&partial)
		if partial {
			d.warn("it answers in part: some of its storage did not")
		}
		return err
	default:
		return d.skip()
	}
}

func (d *decoder) skip() error {
	var ignored json.RawMessage
	return d.json.Decode(&ignored)
}

func (d *decoder) warnings() error {
	var texts []string
	err := d.json.Decode(&texts)
	for _, text := range texts {
		d.warn(oneLine(text))
	}
	return err
}

func (d *decoder) warn(text string) {
	if len(d.into.warnings) < maxWarnings {
		d.into.warnings = append(d.into.warnings, text)
	}
}

// data is a list of label values, the result of a query, or metadata by name.
func (d *decoder) data() error {
	token, err := d.json.Token()
	switch {
	case err != nil:
		return err
	case token == json.Delim('['):
		return d.list(func() error {
			var s string
			err := d.json.Decode(&s)
			d.into.strings = append(d.into.strings, s)
			return err
		})
	case token == json.Delim('{'):
		return d.object(d.dataField)
	default:
		return nil // null
	}
}

// dataField is part of a result, or the metadata of one name: both are told
// apart by what they hold, since a metric may have any name.
func (d *decoder) dataField(name string) error {
	token, err := d.json.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		return d.list(func() error { return d.element(name) })
	case json.Delim('{'):
		return d.object(func(string) error { return d.skip() })
	default:
		return nil
	}
}

// list reads the rest of a list whose bracket was read.
func (d *decoder) list(element func() error) error {
	for d.json.More() {
		if d.elements() >= d.limit {
			d.into.truncated = true
			return nil
		}
		if err := element(); err != nil {
			return err
		}
	}
	_, err := d.json.Token()
	return err
}

func (d *decoder) elements() int {
	return len(d.into.samples) + len(d.into.series) + len(d.into.strings) + len(d.into.meta)
}

// element is one series of a result or one description of a metric.
type element struct {
	Metric map[string]string `json:"metric"`
	Value  *pair             `json:"value"`
	Values []pair            `json:"values"`

	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

func (d *decoder) element(name string) error {
	var e element
	if err := d.json.Decode(&e); err != nil {
		return err
	}
	switch {
	case e.Metric != nil && e.Value != nil:
		d.into.samples = append(d.into.samples, promtree.Sample{Labels: sortedLabels(e.Metric), Value: e.Value.value})
	case e.Metric != nil && e.Values != nil:
		points := make([]promtree.Point, len(e.Values))
		for i, v := range e.Values {
			points[i] = promtree.Point{Millis: v.millis, Value: v.value}
		}
		d.into.series = append(d.into.series, promtree.Series{Labels: sortedLabels(e.Metric), Points: points})
	case e.Metric == nil && (e.Type != "" || e.Help != ""):
		d.describe(name, e)
	}
	return nil
}

// describe keeps the first description of a name that says what kind it is.
func (d *decoder) describe(name string, e element) {
	if d.into.meta == nil {
		d.into.meta = make(map[string]tree.Metadata)
	}
	if known, ok := d.into.meta[name]; ok && known.Kind != tree.KindUnknown {
		return
	}
	d.into.meta[name] = tree.Metadata{Kind: tree.ParseKind(e.Type), Unit: e.Unit, Help: e.Help}
}

func sortedLabels(metric map[string]string) []tree.Label {
	labels := make([]tree.Label, 0, len(metric))
	for name, value := range metric {
		labels = append(labels, tree.Label{Name: name, Value: value})
	}
	sort.Slice(labels, func(i, j int) bool { return labels[i].Name < labels[j].Name })
	return labels
}

// pair is a time and a value: [1435781451.781, "1.5"].
type pair struct {
	millis int64
	value  float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *pair) UnmarshalJSON(data []byte) error {
	at, value, two := strings.Cut(strings.Trim(string(data), "[] \n\r\t"), ",")
	seconds, err := strconv.ParseFloat(strings.TrimSpace(at), 64)
	if !two || err != nil || math.Abs(seconds) > 1e12 || math.IsNaN(seconds) {
		return fmt.Errorf("%w: a sample %.40q", errSyntax, data)
	}
	text := strings.Trim(strings.TrimSpace(value), `"`)
	if p.value, err = strconv.ParseFloat(text, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%w: a value %.40q", errSyntax, text)
	}
	p.millis = int64(math.Round(seconds * 1000))
	return nil
}
