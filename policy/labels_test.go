package policy

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestDefaultLabels(t *testing.T) {
	l := DefaultLabels()
	for _, test := range []struct {
		label string
		given Condition
		want  string // part of the error
	}{
		{"operation", 0, ""}, {"status", 0, ""}, {"queue", 0, ""}, {"level", 0, ""},
		{"context_type", 0, ""}, {"component", 0, ""}, {"task_type", 0, ""},
		{"shard", 0, ""},

		{"account_id", 0, "tenant guard"}, {"account_id", Normalised, "tenant guard"}, {"account_id", Guarded, ""},
		{"provider", 0, "normaliser"}, {"provider", Normalised, ""}, {"provider", Constant, ""},
		{"model_name", Guarded, "normaliser"}, {"model_name", Guarded | Normalised, ""},

		{"user_id", 0, `label "user_id" is forbidden`}, {"user_id", Constant | Guarded | Normalised, "forbidden"},
		{"userId", 0, `label "userId" is forbidden`}, {"session_id", 0, "log line"}, {"request_id", 0, "exemplar"},
		{"RequestID", 0, "exemplar"}, {"trace_id", 0, "exemplar"}, {"resource_uri", 0, "context_type"},
		{"path", 0, "label route"}, {"url", 0, "label route"}, {"error_message", 0, "label status"},
		{"query", 0, "label operation"}, {"prompt", 0, "label operation"},
	} {
		err := l.Check(test.label, test.given)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("label %s given %b: %v, want %q", test.label, test.given, err, test.want)
		}
	}
	var none *Labels
	if err := none.Check("user_id", 0); err != nil {
		t.Errorf("no policy refuses: %v", err)
	}
}

func TestLabelOptions(t *testing.T) {
	l, err := NewLabels(LabelOptions{
		Allowed:     []string{"path", "shard"},
		Conditional: map[string]Condition{"status": Normalised},
		Forbidden:   map[string]string{"queue": "task_type", "mood": ""},
		Unlisted:    Strict,
	})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{
		"path": "", "shard": "", "operation": "",
		"status": "normaliser", "queue": "use task_type", "mood": "few values", "user_id": "forbidden",
		"color": "on no list: use one of operation, status, queue, level, context_type, component, task_type, path, shard",
	} {
		if err := l.Check(label, 0); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("label %s: %v, want %q", label, err, want)
		}
	}
}

func TestInvalidLabelOptions(t *testing.T) {
	for want, options := range map[string]LabelOptions{
		`label name "a-b"`:           {Allowed: []string{"a-b"}},
		"listed as allowed and":      {Allowed: []string{"a"}, Forbidden: map[string]string{"A": ""}},
		"without a condition":        {Conditional: map[string]Condition{"a": 0}},
		"label name is empty":        {Forbidden: map[string]string{"": ""}},
		"allowed and as conditional": {Allowed: []string{"a_b"}, Conditional: map[string]Condition{"ab": Guarded}},
	} {
		if _, err := NewLabels(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", options, err, want)
		}
	}
}

func TestCheckMetric(t *testing.T) {
	l := DefaultLabels()
	d := metric.Descriptor{
		Name:  "calls_total",
		Keys:  []string{"operation", "user_id", "provider", "model_name"},
		Const: metric.Labels{{Name: "account_id", Value: "a"}, {Name: "path", Value: "/"}},
	}
	err := l.CheckMetric(d, func(key string) Condition {
		if key == "provider" {
			return Normalised
		}
		return 0
	})
	if err == nil {
		t.Fatal("the metric was taken")
	}
	for label, wrong := range map[string]bool{"operation": false, "user_id": true, "provider": false, "model_name": true, "account_id": false, "path": true} {
		if strings.Contains(err.Error(), `label "`+label+`"`) != wrong {
			t.Errorf("label %s: that it is refused should be %v: %v", label, wrong, err)
		}
	}
	if err := l.CheckMetric(metric.Descriptor{Keys: []string{"status"}}, nil); err != nil {
		t.Error(err)
	}
}
