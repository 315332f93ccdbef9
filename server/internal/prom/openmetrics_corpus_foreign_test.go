package prom_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/metertree/metertree/export/prometheus"
)

// foreign is a family as an exposition of somebody else's has it.
type foreign struct {
	name, help, unit string
	shape            model.MetricType
	samples          []foreignSample
}

type foreignSample struct {
	// key is what the sample is compared under.
	key    string
	name   string
	labels labels.Labels // without the name
	value  float64
	// start is in milliseconds, 0 if it is not told.
	start     int64
	timed     bool
	exemplars []exemplar.Exemplar
}

// suffixesOf are those of sample names, by type.
var suffixesOf = map[model.MetricType][]string{
	model.MetricTypeCounter:        {"_total"},
	model.MetricTypeGauge:          {""},
	model.MetricTypeUnknown:        {""},
	model.MetricTypeStateset:       {""},
	model.MetricTypeInfo:           {"_info"},
	model.MetricTypeSummary:        {"", "_count", "_sum"},
	model.MetricTypeHistogram:      {"_bucket", "_count", "_sum"},
	model.MetricTypeGaugeHistogram: {"_bucket", "_gcount", "_gsum"},
}

// foreignFamilies reads a valid exposition.
func foreignFamilies(t *testing.T, metrics string) (all []*foreign) {
	t.Helper()
	parser, err := textparse.New([]byte(metrics), prometheus.OpenMetrics.ContentType(), nil,
		textparse.ParserOptions{OpenMetricsSkipSTSeries: true})
	if err != nil {
		t.Fatal(err)
	}
	// family returns the last one if it has the name, otherwise a new one.
	family := func(name []byte) *foreign {
		if len(all) == 0 || all[len(all)-1].name != string(name) {
			all = append(all, &foreign{name: string(name), shape: model.MetricTypeUnknown})
		}
		return all[len(all)-1]
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch entry {
		case textparse.EntryType:
			name, shape := parser.Type()
			family(name).shape = shape
		case textparse.EntryHelp:
			name, help := parser.Help()
			family(name).help = string(help)
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			family(name).unit = string(unit)
		case textparse.EntrySeries:
			s := foreignSampleOf(parser)
			if len(all) == 0 || !all[len(all)-1].has(s.name) {
				family([]byte(s.name))
			}
			f := all[len(all)-1]
			f.samples = append(f.samples, s)
		}
	}
}

func foreignSampleOf(parser textparse.Parser) foreignSample {
	_, at, value := parser.Series()
	s := foreignSample{key: keyOf(parser), value: value, timed: at != nil}
	var ls labels.Labels
	parser.Labels(&ls)
	s.name = ls.Get(model.MetricNameLabel)
	s.labels = labels.NewBuilder(ls.WithoutEmpty()).Del(model.MetricNameLabel).Labels()
	var e exemplar.Exemplar
	for parser.Exemplar(&e) {
		s.exemplars = append(s.exemplars, e)
		e = exemplar.Exemplar{}
	}
	s.start = parser.StartTimestamp() // looks ahead, so it comes last
	return s
}

func (f *foreign) has(sample string) bool {
	suffix, starts := strings.CutPrefix(sample, f.name)
	return starts && slices.Contains(suffixesOf[f.shape], suffix)
}

// held returns what our model has a place for, which must survive as it is, and
// counts by its kind what it has none for.
func held(all []*foreign, left map[string]int) (kept []*foreign) {
	for _, f := range all {
		switch {
		case len(f.samples) == 0:
			left["families without a sample"]++
			continue
		case f.shape == model.MetricTypeGaugeHistogram, f.shape == model.MetricTypeStateset, f.shape == model.MetricTypeInfo:
			left["families of the type "+string(f.shape)]++
			continue
		}
		if f.shape == model.MetricTypeUnknown {
			left["families of the type unknown, held as counters without _total"]++
		}
		f.samples = heldSamples(f, left)
		kept = append(kept, f)
	}
	return kept
}

func heldSamples(f *foreign, left map[string]int) (kept []foreignSample) {
	at := map[string]int{}
	for _, s := range f.samples {
		if f.shape == model.MetricTypeSummary && s.name == f.name {
			left["quantiles of summaries"]++
			continue
		}
		if s.timed {
			left["timestamps of samples"]++
		}
		s.exemplars = heldExemplars(f, s.exemplars, left)
		if i, earlier := at[s.key]; earlier {
			left["points of a series before its last"]++
			kept[i] = s
			continue
		}
		at[s.key] = len(kept)
		kept = append(kept, s)
	}
	return kept
}

// heldExemplars gives the labels the names that our exemplars have, and cuts what
// is too long under them.
func heldExemplars(f *foreign, all []exemplar.Exemplar, left map[string]int) (kept []exemplar.Exemplar) {
	for _, e := range all {
		if f.shape != model.MetricTypeHistogram {
			left["exemplars outside of histograms"]++
			continue
		}
		ours := []string{"trace_id", "span_id"}
		var renamed []string
		e.Labels.Range(func(l labels.Label) {
			renamed = append(renamed, ours[0], l.Value)
			ours = ours[1:]
		})
		left["names of exemplars' labels, values held as trace_id and span_id"] += len(renamed) / 2
		if excess := utf8.RuneCountInString(strings.Join(renamed, "")) - 128; excess > 0 {
			left["exemplars cut to 128 characters, which these names exceed"]++
			trace := []rune(renamed[1])
			renamed[1] = string(trace[:len(trace)-excess])
		}
		e.Labels = labels.FromStrings(renamed...)
		kept = append(kept, e)
	}
	return kept
}
