package metric

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestLabelsWithSortsAndOverrides(t *testing.T) {
	base := Labels{{"b", "1"}, {"d", "2"}}
	got := base.With(Label{"c", "3"}, Label{"b", "4"}, Label{"a", "5"}, Label{"c", "6"})
	if want := (Labels{{"a", "5"}, {"b", "4"}, {"c", "6"}, {"d", "2"}}); !slices.Equal(got, want) {
		t.Errorf("With = %v, want %v", got, want)
	}
	if want := (Labels{{"b", "1"}, {"d", "2"}}); !slices.Equal(base, want) {
		t.Errorf("the receiver became %v", base)
	}
	if v, ok := got.Get("c"); v != "6" || !ok {
		t.Errorf("Get(c) = %q, %t", v, ok)
	}
	if v, ok := got.Get("z"); v != "" || ok {
		t.Errorf("Get(z) = %q, %t", v, ok)
	}
}

func TestNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"a": true, "a_b:c9": true, "_x": true, ":r": true, "": false, "9a": false, "a-b": false, "a b": false, "é": false,
	} {
		if err := ValidateName(name); (err == nil) != valid {
			t.Errorf("ValidateName(%q) = %v", name, err)
		}
	}
	for name, valid := range map[string]bool{
		"a": true, "_x": true, "le": true, "": false, "__x": false, "9": false, "a:b": false, "a\n": false,
	} {
		if err := ValidateLabelName(name); (err == nil) != valid {
			t.Errorf("ValidateLabelName(%q) = %v", name, err)
		}
	}
}

func TestErrorsNameTheValueAndTheRemedy(t *testing.T) {
	err := Descriptor{Name: "calls_total", Kind: Counter, Unit: "MiB"}.Validate()
	for _, says := range []string{"calls_total", `"MiB"`, "lower case"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, bad := range [][]float64{{math.NaN()}, {1, math.Inf(1)}, {1, 1}, {2, 1}} {
		if ValidateBounds(bad) == nil {
			t.Errorf("ValidateBounds(%v) accepts them", bad)
		}
	}
	if err := ValidateBounds(DefaultLatencyBounds()); err != nil {
		t.Errorf("default bounds: %v", err)
	}
}

func TestHistogramCountIsTheSumOfItsBuckets(t *testing.T) {
	h := HistogramPoint{Bounds: []float64{1, 2}, Counts: []uint64{3, 0, 4}}
	if h.Count() != 7 {
		t.Errorf("Count() = %d, want 7", h.Count())
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k, want := range map[Kind]string{
		Counter: "counter", UpDownCounter: "updowncounter", Gauge: "gauge", Histogram: "histogram", 77: "kind(77)",
	} {
		if k.String() != want {
			t.Errorf("%d is %q, want %q", k, k, want)
		}
	}
	for f, want := range map[Fold]string{
		FoldNone: "none", FoldSum: "sum", FoldMin: "min", FoldMax: "max", FoldAvg: "avg", FoldLast: "last", 77: "fold(77)",
	} {
		if f.String() != want {
			t.Errorf("%d is %q, want %q", f, f, want)
		}
	}
	if Int64.String() != "int64" || Float64.String() != "float64" {
		t.Error("number kinds have lost their names")
	}
}

// What a point holds beside its number is not added to it.
func TestNumberOfAPoint(t *testing.T) {
	p := Point{Int: 3, Float: 0.5}
	for want, d := range map[float64]Descriptor{
		3:   {Kind: Counter},
		0.5: {Kind: UpDownCounter, Number: Float64},
	} {
		if got := p.Number(&d); got != want {
			t.Errorf("the number of a %s of %s is %v, want %v", d.Kind, d.Number, got, want)
		}
	}
	if got := p.Number(&Descriptor{Kind: Gauge}); got != 0.5 {
		t.Errorf("a gauge is %v, want 0.5", got)
	}
}
