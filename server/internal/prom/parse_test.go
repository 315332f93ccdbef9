package prom

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/metertree/metertree/tree"
)

func families(t *testing.T, s tree.Source) map[string]tree.Family {
	t.Helper()
	list, err := s.Families(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]tree.Family)
	for _, f := range list {
		out[f.Name] = f
	}
	return out
}

func TestParseExposition(t *testing.T) {
	text := "# HELP a_total Help with \\\\ and \\n in it.\n# TYPE a_total counter\na_total{x=\"1\",empty=\"\"} 2 1700000000000\na_total{x=\"2\"} NaN\n"
	open := "# TYPE a counter\n# HELP a Help.\n# UNIT w_seconds seconds\n# TYPE w_seconds gauge\na_total{x=\"1\"} 2 1700000000.5 # {trace_id=\"t\"} 1\nw_seconds 1\n# EOF\n"
	utf8 := "# TYPE \"http.requests\" counter\n{\"http.requests\",\"the.route\"=\"/\"} 3\n"
	cases := []struct {
		name, body string
		format     Format
		metric     string
		want       string
	}{
		{"text", text, FormatText, "a_total", "counter 2"},
		{"text, found out", text, FormatAny, "a_total", "counter 2"},
		{"text without a last newline", strings.TrimSuffix(text, "\n"), FormatAny, "a_total", "counter 2"},
		{"text with CRLF in comments only", "# hello\nup 1\n", FormatAny, "up", "gauge 1"},
		{"OpenMetrics", open, FormatOpenMetrics, "a_total", "counter 1"},
		{"OpenMetrics, found out by its end", open, FormatAny, "a_total", "counter 1"},
		{"OpenMetrics, found out by an exemplar", strings.TrimSuffix(open, "# EOF\n"), FormatAny, "w_seconds", "gauge 1"},
		{"UTF-8 names", utf8, FormatAny, "http.requests", "counter 1"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s, err := ParseExposition(iotest.OneByteReader(strings.NewReader(tc.body)), tc.format)
			if err != nil {
				t.Fatal(err)
			}
			f := families(t, s)[tc.metric]
			if got := fmt.Sprint(f.Kind, " ", f.Series); got != tc.want {
				t.Errorf("%s is %s, want %s", tc.metric, got, tc.want)
			}
		})
	}
}

func TestParseExpositionAcrossChunks(t *testing.T) {
	var b strings.Builder
	b.WriteString("# TYPE n counter\n")
	const series = 40_000
	for i := range series {
		fmt.Fprintf(&b, "n_total{i=\"%060d\"} 1\n", i)
	}
	b.WriteString("# EOF\n")
	if b.Len() < 2*chunkSize {
		t.Fatalf("%d bytes fit into one chunk", b.Len())
	}
	for _, format := range []Format{FormatAny, FormatOpenMetrics} {
		s, err := ParseExposition(strings.NewReader(b.String()), format)
		if err != nil {
			t.Fatal(err)
		}
		if f := families(t, s)["n_total"]; f.Series != series || f.Kind != tree.KindCounter {
			t.Errorf("%d series of kind %s, want %d of a counter", f.Series, f.Kind, series)
		}
	}
}

func TestParseExpositionErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	long := strings.Repeat("ok 1\n", 300_000)
	cases := []struct {
		name   string
		body   io.Reader
		format Format
		want   error
		text   string
	}{
		{"empty", strings.NewReader(""), FormatAny, ErrExpositionEmpty, ""},
		{"only comments", strings.NewReader("# x\n"), FormatAny, ErrExpositionEmpty, ""},
		{"binary", strings.NewReader("a\x00b"), FormatAny, ErrExpositionBinary, ""},
		{"html", strings.NewReader("\n <html>"), FormatAny, ErrExpositionHTML, ""},
		{"cut", strings.NewReader("a_total 1\n"), FormatOpenMetrics, ErrExpositionCut, ""},
		{"syntax", strings.NewReader("a 1\nb c d\n"), FormatText, ErrExpositionSyntax, "line 2"},
		{"syntax in a later chunk", strings.NewReader(long + "b c d\n"), FormatAny, ErrExpositionSyntax, "line 300001"},
		{"value", strings.NewReader("a one\n"), FormatAny, ErrExpositionSyntax, "line 1"},
		{"reader", io.MultiReader(strings.NewReader("a 1\n"), iotest.ErrReader(broken)), FormatAny, broken, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := ParseExposition(tc.body, tc.format)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error %v, want %v with %q", err, tc.want, tc.text)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error has more than one line: %q", err)
			}
		})
	}
}

func FuzzParseExposition(f *testing.F) {
	f.Add("a 1\n# EOF\n")
	f.Add("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")
	f.Fuzz(func(t *testing.T, body string) {
		s, err := ParseExposition(strings.NewReader(body), FormatAny)
		if err != nil {
			return
		}
		list, err := s.Families(t.Context())
		if err != nil || len(list) == 0 {
			t.Fatalf("%d families, error %v", len(list), err)
		}
	})
}
