package prom

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// What takes seconds to be parsed, or minutes to be formatted, is refused before.
func TestExpressionsAreBounded(t *testing.T) {
	repeat := strings.Repeat
	for name, test := range map[string]struct {
		expression string
		refused    string // empty if it is parsed
	}{
		"parentheses":      {repeat("(", 100) + "up" + repeat(")", 100), ""},
		"nested":           {repeat("(", 101) + "up" + repeat(")", 101), "deeper than 100"},
		"calls":            {repeat("abs(", 101) + "up" + repeat(")", 101), "deeper than 100"},
		"never closed":     {repeat("(", 60_000), "deeper than 100"},
		"operators":        {"up" + repeat(" or up", 1000), ""},
		"too many":         {"up" + repeat(" or up", 1001), "more than 1000"},
		"signs":            {repeat("-", 60_000) + "up", "more than 1000"},
		"powers":           {repeat("2^", 1001) + "2", "more than 1000"},
		"ranges":           {"up" + repeat("[1m:1m]", 1001), "more than 1000"},
		"text":             {`label_replace(up, "a", "` + repeat("(+", 20_000) + `", "b", "c")`, ""},
		"comment":          {"up # " + repeat("(+", 20_000), ""},
		"matchers":         {"up{" + repeat(`a="b",`, 5000) + "}", ""},
		"beside selectors": {"up{a=\"b\"}" + repeat("+up{a=\"b\"}", 1001), "more than 1000"},
	} {
		_, err := newParser().ParseExpr(test.expression)
		if told := errorText(err); (err != nil) != (test.refused != "") || !strings.Contains(told, test.refused) {
			t.Errorf("%s: %.200s, want %q", name, told, test.refused)
		}
	}
	if _, err := newParser().ParseMetricSelector(repeat("-", 2000) + "up"); !strings.Contains(errorText(err), "more than 1000") {
		t.Errorf("selector: %.200v", err)
	}
	if _, err := newParser().ParseMetricSelectors([]string{"up", repeat("(", 2000)}); !strings.Contains(errorText(err), "deeper than 100") {
		t.Errorf("selectors: %.200v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Each endpoint that takes an expression says what is wrong with one that is too much.
func TestEndpointsBoundExpressions(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	nested := strings.Repeat("(", 150) + "up" + strings.Repeat(")", 150)
	for path, test := range map[string]struct {
		values url.Values
		status int
	}{
		"query":           {url.Values{"query": {nested}}, http.StatusBadRequest},
		"query_range":     {url.Values{"query": {nested}, "start": {"1"}, "end": {"2"}, "step": {"1"}}, http.StatusBadRequest},
		"query_exemplars": {url.Values{"query": {nested}, "start": {"1"}, "end": {"2"}}, http.StatusBadRequest},
		"parse_query":     {url.Values{"query": {nested}}, http.StatusUnprocessableEntity},
		"format_query":    {url.Values{"query": {nested}}, http.StatusUnprocessableEntity},
		"series":          {url.Values{"match[]": {nested}}, http.StatusBadRequest},
		"labels":          {url.Values{"match[]": {nested}}, http.StatusBadRequest},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, text := request(t, method, client.URL+"/api/v1/"+path, test.values)
			if status != test.status || !strings.Contains(text, "is nested deeper than") {
				t.Errorf("%s %s: %d %.200s", method, path, status, text)
			}
		}
	}
	if status, text := request(t, http.MethodPost, client.URL+"/api/v1/format_query", url.Values{"query": {"sum(up)/2"}}); status != http.StatusOK || !strings.Contains(text, "sum(up) / 2") {
		t.Errorf("format_query: %d %s", status, text)
	}
}

func request(t *testing.T, method, address string, values url.Values) (int, string) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	} else {
		address += "?" + values.Encode()
	}
	asked, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(asked)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// The largest that is formatted is printed in bearable time: formatting is bounded
// more strictly than parsing.
func TestFormattingIsBounded(t *testing.T) {
	most := strings.Repeat("(", 20) + strings.Repeat("up^", 100) + "up" + strings.Repeat(")", 20)
	if err := formattable.check(most); err != nil {
		t.Fatal(err)
	}
	expression, err := newParser().ParseExpr(most)
	if err != nil {
		t.Fatal(err)
	}
	if pretty := parser.Prettify(expression); len(pretty) < len(most) || len(pretty) > 1<<20 {
		t.Errorf("%d bytes of %d", len(pretty), len(most))
	}
	if formattable.check("up"+strings.Repeat("^up", 101)) == nil {
		t.Error("101 operators are formatted")
	}
}
