package prom_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/export/prometheus"
)

// What expfmt reads from text and from protobuf is the same, native buckets and
// times aside.
func TestExpfmtReadsTheSameFromTextAndProtobuf(t *testing.T) {
	families := all()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	fromText, err := parser.TextToMetricFamilies(bytes.NewReader(written(t, prometheus.Exposition{}, families)))
	if err != nil {
		t.Fatal(err)
	}
	decoder := expfmt.NewDecoder(bytes.NewReader(written(t, prometheus.Exposition{Format: prometheus.Protobuf}, families)), expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		var got dto.MetricFamily
		if err := decoder.Decode(&got); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		want := fromText[got.GetName()]
		delete(fromText, got.GetName())
		got.Unit = nil
		for _, m := range got.Metric {
			classic(m)
		}
		if !proto.Equal(&got, want) {
			t.Errorf("protobuf:\n%v\ntext:\n%v", &got, want)
		}
	}
	if len(fromText) > 0 {
		t.Errorf("only in the text: %v", slices.Collect(maps.Keys(fromText)))
	}
}

// classic takes away what text cannot tell.
func classic(m *dto.Metric) {
	if m.Counter != nil {
		m.Counter.CreatedTimestamp = nil
	}
	if m.Summary != nil {
		m.Summary.CreatedTimestamp = nil
	}
	if h := m.Histogram; h != nil {
		m.Histogram = &dto.Histogram{SampleCount: h.SampleCount, SampleSum: h.SampleSum, Bucket: h.Bucket}
		for _, b := range h.Bucket {
			b.Exemplar = nil
		}
	}
}

func TestPromlintHasNothingToSay(t *testing.T) {
	families := append(wellNamed(), exponentials())
	problems, err := promlint.New(bytes.NewReader(written(t, prometheus.Exposition{}, families))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}
