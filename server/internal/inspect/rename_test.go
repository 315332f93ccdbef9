package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// metricText is a metric with one label of several values.
func metricText(name, kind, help string, values ...float64) string {
	var b strings.Builder
	if help != "" {
		fmt.Fprintf(&b, "# HELP %s %s\n", name, help)
	}
	fmt.Fprintf(&b, "# TYPE %s %s\n", name, kind)
	for i, v := range values {
		fmt.Fprintf(&b, "%s{op=\"%d\"} %g\n", name, i, v)
	}
	return b.String()
}

func TestRenames(t *testing.T) {
	old := func(name string) string { return metricText(name, "counter", "Calls.", 70, 80, 90) }
	for _, tt := range []struct {
		name, before, after string
		// want are the names and one piece of evidence, or nothing.
		want, evidence string
	}{
		{"same help", old("a_calls_total"), metricText("other_things_total", "counter", "Calls.", 1, 2), "a_calls_total > other_things_total", "same help text"},
		{"prefix", metricText("http_calls_total", "counter", "", 1, 2), metricText("shop_http_calls_total", "counter", "", 900, 1), "http_calls_total > shop_http_calls_total", "same name but for its beginning"},
		{"prefix taken off", metricText("shop_http_calls_total", "counter", "", 1), metricText("http_calls_total", "counter", "", 900), "shop_http_calls_total > http_calls_total", "same name but for its beginning"},
		{"suffix", metricText("http_calls", "counter", "", 1), metricText("http_calls_total", "counter", "", 900), "http_calls > http_calls_total", "suffix"},
		{"spelling", metricText("httpCalls_total", "counter", "", 1), metricText("http_call_total", "counter", "", 900), "httpCalls_total > http_call_total", "spelling"},
		{"unit", metricText("wait_ms", "gauge", "", 1500, 7000), metricText("wait_seconds", "gauge", "", 1.5, 7), "wait_ms > wait_seconds", "2 of 2 values alike"},
		{"values and some of the name", metricText("http_calls_total", "counter", "", 70, 80), metricText("http_requests_total", "counter", "", 71, 81), "http_calls_total > http_requests_total", "2 of 2 label sets shared"},
		{"label sets alone", metricText("http_calls_total", "counter", "", 70, 80), metricText("http_errors_total", "counter", "", 3, 1), "", ""},
		{"values alone", metricText("http_calls_total", "counter", "", 70, 80), metricText("disk_writes_total", "counter", "", 70, 80), "", ""},
		{"values that tell nothing", metricText("http_calls_total", "counter", "", 0, 1), metricText("http_errors_total", "counter", "", 0, 1), "", ""},
		{"one word alone", metricText("errors_total", "counter", "", 1), metricText("disk_errors_total", "counter", "", 5), "", ""},
		{"a finer name", metricText("http_calls_total", "counter", "", 1), metricText("http_calls_failed_total", "counter", "", 5), "", ""},
		{"another type", old("http_calls"), metricText("shop_http_calls", "gauge", "Calls.", 70, 80, 90), "", ""},
		{"other labels", old("http_calls"), "# HELP shop_http_calls Calls.\n# TYPE shop_http_calls counter\nshop_http_calls 70\n", "", ""},
		{"two that suit as well", old("http_calls_total"), metricText("a_http_calls_total", "counter", "", 1, 2) + metricText("b_http_calls_total", "counter", "", 1, 2), "", ""},
		{"the better of two", old("http_calls_total"), metricText("a_http_calls_total", "counter", "", 1, 2) + old("b_http_calls_total"), "http_calls_total > b_http_calls_total", "same help text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Diff(parse(t, tt.before), parse(t, tt.after))
			var got []string
			for _, r := range d.Renamed {
				got = append(got, r.Old+" > "+r.New)
				if !strings.Contains(strings.Join(r.Evidence, "; "), tt.evidence) || !slices.Contains(r.Evidence, "same type and labels") {
					t.Errorf("evidence %q lacks %q", r.Evidence, tt.evidence)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("renamed %q, want %q", got, tt.want)
			}
			if want := min(len(d.Renamed), 1); len(d.Removed) != 1-want {
				t.Errorf("removed %v", d.Removed)
			}
		})
	}
}

// TestRenamesOfManyMetrics renames a whole program and finds each metric again.
func TestRenamesOfManyMetrics(t *testing.T) {
	var before, after strings.Builder
	subjects := []string{"cache_hits", "cache_misses", "disk_reads", "disk_writes", "http_requests", "queue_waits"}
	for _, s := range subjects {
		before.WriteString(metricText("app_"+s+"_total", "counter", "", 1, 2))
		after.WriteString(metricText("shop_app_"+s+"_total", "counter", "", 9, 5))
	}
	d := Diff(parse(t, before.String()), parse(t, after.String()))
	if len(d.Renamed) != len(subjects) || len(d.Removed)+len(d.Added) != 0 {
		t.Fatalf("got\n%s", told(d))
	}
	for _, r := range d.Renamed {
		if r.New != "shop_"+r.Old {
			t.Errorf("%s became %s", r.Old, r.New)
		}
	}
}

func TestStem(t *testing.T) {
	for name, want := range map[string]string{
		"http_requests_total":            "http request",
		"http_request_duration_seconds":  "http request duration",
		"httpRequestDuration_ms":         "http request duration",
		"jvm.memory.used":                "jvm memory used",
		"job:http_errors:rate5m":         "job http error rate5m",
		"bytes":                          "byte",
		"process_class_loader_bytes":     "process class loader",
		strings.Repeat("a_", 2*maxWords): strings.TrimSpace(strings.Repeat("a ", maxWords)),
	} {
		if got := strings.Join(stem(name), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
