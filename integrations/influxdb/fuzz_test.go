package influxdb

import (
	"bytes"
	"math"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/metric"
)

// FuzzAnswer holds that whatever the database says of lines, what it names is one
// of them or none, and no more are taken for rejected than there are.
func FuzzAnswer(f *testing.F) {
	const two = "a,l=1 value=1 1\nb value=2 1\n"
	f.Add(400, []byte(`{"error":"partial write: field type conflict on measurement \"b\" dropped=1"}`), "", two)
	f.Add(400, []byte(`{"code":"invalid","message":"unable to parse","line":2}`), "", two)
	f.Add(400, []byte(`{"error":"partial write of line protocol occurred","data":[{"original_line":"b value=2 1","line_number":2,"error_message":"x"}]}`), "", two)
	f.Add(422, []byte(`{"message":"x","line":9223372036854775807,"data":{"line_number":-1}}`), "dropped=-5", "a\n")
	f.Add(200, []byte("<html>"), "\x1b", "")
	f.Fuzz(func(t *testing.T, code int, body []byte, header, text string) {
		lines := []byte(text)
		if len(lines) > 0 && lines[len(lines)-1] != '\n' {
			lines = append(lines, '\n')
		}
		general := &push.Answer{Verdict: push.Refused, Code: code, Body: bytes.TrimSpace(body), Message: push.OneLine(string(body)), Header: http.Header{"X-Influxdb-Error": {header}}}
		if code/100 == 2 {
			general.Verdict = push.Accepted
		}
		a, err := judge(general)
		if err != nil || a.Verdict == push.Accepted {
			return
		}
		if from, to := a.position(lines); from < 0 || to < from || to > len(lines) || to > from && (lines[to-1] != '\n' || bytes.Count(lines[from:to], newline) != 1) {
			t.Fatalf("lines %d to %d of %q", from, to, lines)
		}
		a.findLine(lines)
		if i := strings.IndexFunc(a.Error(), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("the error is no line: %q", a.Error())
		}
	})
}

// FuzzPoints holds that any numbers and labels are read as they were given, in
// every layout.
func FuzzPoints(f *testing.F) {
	f.Add("calls_total", "op", "a b,c=d", "host", int64(7), 1.5, uint64(3), uint64(4))
	f.Add("time", "time", "\n\\", "_time", int64(math.MinInt64), math.Inf(1), uint64(math.MaxUint64), uint64(0))
	f.Add("é ", "le", "", "le", int64(0), math.NaN(), uint64(1)<<63, uint64(1))
	f.Fuzz(func(t *testing.T, name, key, value, tag string, whole int64, real float64, low, high uint64) {
		if name == "" || name[0] == '#' || key == "" || tag == "" || high > math.MaxUint64-low {
			return // no metric is like that
		}
		bounds := []float64{1}
		labels := metric.EncodeLabels([]string{key}, []string{value})
		of := func(d metric.Descriptor, p metric.Point) *metric.Family {
			p.Labels = labels
			return &metric.Family{Descriptor: d, Keys: []string{key}, Points: func(yield func(*metric.Point) bool) { yield(&p) }}
		}
		for _, o := range []Options{{Tags: map[string]string{tag: "t"}}, {Buckets: BucketTags}, {Measurement: "m"}} {
			o, err := o.complete()
			if err != nil {
				return // such a tag is refused
			}
			e := newEncoder(&o)
			e.begin(totals())
			var text []byte
			for _, family := range []*metric.Family{
				of(metric.Descriptor{Name: name, Kind: metric.Counter}, metric.Point{Int: whole}),
				of(metric.Descriptor{Name: name, Kind: metric.Gauge}, metric.Point{Float: real}),
				of(metric.Descriptor{Name: name, Kind: metric.Histogram, Bounds: bounds},
					metric.Point{Histogram: metric.HistogramPoint{Bounds: bounds, Counts: []uint64{low, high}, Sum: real}}),
			} {
				e.family(family)
				for p := range family.Points {
					text = e.point(text, p)
				}
			}
			checkPoints(t, string(text), whole, real, low+high)
		}
	})
}

// checkPoints checks that the numbers are somewhere in the lines, and nothing else
// is but counts.
func checkPoints(t *testing.T, text string, whole int64, real float64, count uint64) {
	t.Helper()
	var wholes, reals, counts int
	for _, l := range mustDecode(t, text) {
		for _, v := range l.fields {
			switch v := v.(type) {
			case int64:
				if v == whole {
					wholes++
				}
				if v == int64(min(count, math.MaxInt64)) {
					counts++
				}
			case float64:
				if v != real {
					t.Fatalf("%v is read, %v was written: %s", v, real, text)
				}
				reals++
			default:
				t.Fatalf("a field %v (%T): %s", v, v, text)
			}
		}
	}
	if finite := !math.IsNaN(real) && !math.IsInf(real, 0); wholes == 0 || counts == 0 || finite != (reals == 2) {
		t.Fatalf("%d, %v and the count %d are read %d, %d and %d times: %s", whole, real, count, wholes, reals, counts, text)
	}
}
