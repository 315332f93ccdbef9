package stats

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// picky is a query that answers with the parameters it got.
func picky(parameters ...Parameter) Query {
	return Query{Name: "picky", Parameters: parameters, Run: func(_ context.Context, got url.Values) (any, error) { return got, nil }}
}

func TestParametersAreChecked(t *testing.T) {
	h := with(t, Options{}, answering("bare", 1, nil), picky(
		Parameter{Name: "metric", Required: true, Help: "the name of the metric"},
		Parameter{Name: "limit", Default: "5", Check: Between(0, 10)},
		Parameter{Name: "by", Check: OneOf("name", "size")},
		Parameter{Name: "since", Check: Duration(time.Minute, time.Hour)},
	))
	for query, want := range map[string]string{
		"/picky":                        `needs the parameter \"metric\": the name of the metric`,
		"/picky?metric=":                `needs the parameter \"metric\"`,
		"/picky?metric=a&metric=b":      `\"metric\" is given 2 times`,
		"/picky?metric=a&limit=11":      `limit \"11\" is no number from 0 to 10`,
		"/picky?metric=a&limit=x":       `limit \"x\" is no number`,
		"/picky?metric=a&by=age":        `by \"age\" is none of name, size`,
		"/picky?metric=a&since=1s":      `since \"1s\" is no duration from 1m0s to 1h0m0s`,
		"/picky?metric=a&since=soon":    `since \"soon\" is no duration`,
		"/picky?metric=a&metrics=b":     `takes no parameter \"metrics\": it takes metric, limit, by, since`,
		"/bare?format=html":             `takes no parameter \"format\": it takes none`,
		"/picky?metric=a&limit=%3Ca%3E": `is no number`,
	} {
		got := get(h, query)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: got %d %s, want %s", query, got.Code, got.Body, want)
		}
	}
	got := get(h, "/picky?metric=a&since=15m&by=")
	if got.Code != http.StatusOK || strings.Join(strings.Fields(got.Body.String()), "") != `{"limit":["5"],"metric":["a"],"since":["15m"]}` {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
}

func TestAddRefusesParameters(t *testing.T) {
	for name, tt := range map[string]struct {
		parameters []Parameter
		want       string
	}{
		"name":    {[]Parameter{{Name: "a b"}}, `"a b"`},
		"twice":   {[]Parameter{{Name: "a"}, {Name: "a"}}, "declared twice"},
		"both":    {[]Parameter{{Name: "a", Required: true, Default: "1"}}, `has the default "1"`},
		"default": {[]Parameter{{Name: "a", Default: "x", Check: Between(1, 2)}}, "is no number from 1 to 2"},
	} {
		if err := New(Options{}).Add(picky(tt.parameters...)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

func TestUnknownQueryNamesTheKnown(t *testing.T) {
	if got := get(with(t, Options{}), "/x"); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), `no query \"x\": there is none`) {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	var many []Query
	for i := range maxNamed + 2 {
		many = append(many, answering("q"+string(rune('a'+i)), 1, nil))
	}
	if got := get(with(t, Options{}, many...), "/x"); !strings.Contains(got.Body.String(), "ask for qa, qb,") || !strings.Contains(got.Body.String(), "or one of 2 more") {
		t.Errorf("got %s", got.Body)
	}
}
