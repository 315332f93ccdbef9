package queryapi

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/tree"
)

func TestDecode(t *testing.T) {
	a, err := decode(strings.NewReader(`{"data":{"result":[
		{"metric":{"b":"2","a":"é"},"value":[1435781451.781,"NaN"],"ignored":{"x":[1]}},
		{"metric":{},"histogram":[1,{"count":"2"}]},
		{"metric":{},"value":[1,"-Inf"]},
		{"metric":{"c":"3"},"values":[[1,"1"],[1.5,"1e400"]]}],"resultType":"any"},"infos":["i"],"status":"success","warnings":["w"]}`), 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.samples) != 2 || !math.IsNaN(a.samples[0].Value) || !math.IsInf(a.samples[1].Value, -1) ||
		!slices.Equal(a.samples[0].Labels, []tree.Label{{Name: "a", Value: "é"}, {Name: "b", Value: "2"}}) {
		t.Errorf("samples %v", a.samples)
	}
	if len(a.series) != 1 || fmt.Sprint(a.series[0].Points) != "[{1000 1} {1500 +Inf}]" {
		t.Errorf("series %v", a.series)
	}
	if a.status != "success" || !slices.Equal(a.warnings, []string{"w"}) || a.truncated {
		t.Errorf("%+v", a)
	}
}

// Metadata is told from results by what it holds: a metric may be named result.
func TestDecodeMetadata(t *testing.T) {
	a, err := decode(strings.NewReader(`{"status":"success","data":{
		"result":[{"type":"counter","help":"h","unit":"s"}],
		"twice":[{"type":"unknown"},{"type":"gauge","help":"g"}], "none":[]}}`), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]tree.Metadata{"result": {Kind: tree.KindCounter, Help: "h", Unit: "s"}, "twice": {Kind: tree.KindGauge, Help: "g"}}
	if fmt.Sprint(a.meta) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", a.meta, want)
	}
}

// FuzzDecode: whatever comes, decoding ends with an answer within the limit or an
// error of a known kind.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		vectorOfOne, vectorOfOne[:90], `{"status":"error","errorType":"x","error":"y"}`, `[1]`, `null`, `{`, ``,
		`{"status":"success","data":["a","b","c","d"]}`, `{"data":null,"warnings":["w"],"isPartial":true}`,
		`{"data":{"m":[{"type":"gauge"}],"x":{"y":[[[]]]}}}`, `{"data":{"result":[1,"1"]}}`,
		`{"data":{"result":[{"metric":{"a":"b"},"values":[[1,"1"],[2,"x"]]}]}}`, `{"data":{"result":[{"metric":{},"value":[]}]}}`,
		`{"data":[{}],"data":{"a":[]},"status":3}`, "<html>", "\xff\xfe",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 3
		a, err := decode(strings.NewReader(string(data)), limit)
		if err != nil {
			if !errors.Is(err, errNotJSON) && !errors.Is(err, errSyntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%q: an error of no known kind: %v", data, err)
			}
			return
		}
		d := decoder{into: *a}
		if d.elements() > limit || len(a.warnings) > maxWarnings {
			t.Fatalf("%q: %d elements, %d warnings", data, d.elements(), len(a.warnings))
		}
		for _, s := range a.samples {
			if !slices.IsSortedFunc(s.Labels, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) }) {
				t.Fatalf("%q: labels %v", data, s.Labels)
			}
		}
	})
}
