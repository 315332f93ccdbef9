package servers

import (
	"math"
	"testing"
)

func TestParseAnswer(t *testing.T) {
	vector := `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"b":"2","a":"1"},"value":[10.5,"NaN"]}]}}`
	a, err := parseAnswer([]byte(vector))
	points := a[`a="1",b="2",`]
	if err != nil || len(a) != 1 || len(points) != 1 || points[0].at != 10.5 || !math.IsNaN(points[0].value) {
		t.Errorf("%v, %v", a, err)
	}
	matrix := `{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"],[3,"4e1"]]}]}}`
	a, err = parseAnswer([]byte(matrix))
	if points = a[""]; err != nil || len(points) != 2 || points[1] != (point{3, 40}) {
		t.Errorf("%v, %v", a, err)
	}
	for _, wrong := range []string{"", "<html>", `{"data":{"result":[{"value":[1,"x"]}]}}`, `{"data":{"result":[{"value":[1,2]}]}}`} {
		if _, err := parseAnswer([]byte(wrong)); err == nil {
			t.Errorf("%q: no error", wrong)
		}
	}
}

func TestCompare(t *testing.T) {
	one := answer{"a": {{1, 100}, {2, math.NaN()}}}
	for name, c := range map[string]struct {
		other answer
		exact bool
		same  bool
	}{
		"the same":               {answer{"a": {{1, 100}, {2, math.NaN()}}}, true, true},
		"in the order of a sum":  {answer{"a": {{1, 100 + 1e-8}, {2, math.NaN()}}}, true, true},
		"another value":          {answer{"a": {{1, 100.001}, {2, math.NaN()}}}, true, false},
		"another value, inexact": {answer{"a": {{1, 100.001}, {2, math.NaN()}}}, false, true},
		"another time":           {answer{"a": {{1.5, 100}, {2, math.NaN()}}}, true, false},
		"a point less":           {answer{"a": {{1, 100}}}, true, false},
		"another series":         {answer{"b": {{1, 100}, {2, math.NaN()}}}, true, false},
		"a series more":          {answer{"a": {{1, 100}, {2, math.NaN()}}, "b": nil}, false, false},
	} {
		if err := compare(one, c.other, c.exact); (err == nil) != c.same {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCompareAnswersNamesTheQuery(t *testing.T) {
	said := make([]answer, len(Queries()))
	other := make([]answer, len(said))
	other[3] = answer{"a": {{1, 1}}}
	b := Bench{Servers: All(Binaries{}), answers: map[string][]answer{Metertree: said, OldPrometheus: said, VictoriaMetrics: said}}
	if err := b.compareAnswers(); err != nil {
		t.Error(err)
	}
	b.answers[VictoriaMetrics] = other
	if err := b.compareAnswers(); err == nil {
		t.Error("answers with another number of series are taken for alike")
	}
}
