package prom

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/prometheus/prometheus/promql"
)

// Queries that are given up are counted, and mistakes of askers are not.
func TestFailedQueriesAreCounted(t *testing.T) {
	options := testOptions(t)
	options.Query.MaxSamples = 1
	node, client := startNode(t, options, emptyConfig())
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(time.Now(), "x", 1)), apitest.TypeV1)
	for query, want := range map[string]int{"x[1m]": http.StatusUnprocessableEntity, "x[": http.StatusBadRequest} {
		response, err := http.Get(client.URL + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil || response.StatusCode != want {
			t.Errorf("%s: %v, %v", query, response, err)
			continue
		}
		_ = response.Body.Close()
	}
	for reason, want := range map[string]float64{querySamples: 1, queryTimeout: 0, queryCanceled: 0, queryOther: 0} {
		if got := ownMetric(t, node, "metertree_query_failures_total", reason); got != want {
			t.Errorf("%s: %v counted, want %v", reason, got, want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	query, err := node.queries.NewInstantQuery(t.Context(), node.db, nil, "x", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if result := query.Exec(gone); result.Err == nil {
		t.Error("a query is answered to nobody")
	}
	if got := ownMetric(t, node, "metertree_query_failures_total", queryCanceled); got != 1 {
		t.Errorf("%v counted as canceled, want 1", got)
	}
}

func TestFailureOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{promql.ErrQueryTimeout("x"), queryTimeout},
		{fmt.Errorf("expanding series: %w", context.DeadlineExceeded), queryTimeout},
		{promql.ErrQueryCanceled("x"), queryCanceled},
		{fmt.Errorf("expanding series: %w", context.Canceled), queryCanceled},
		{promql.ErrTooManySamples("x"), querySamples},
		{errors.New("x"), queryOther},
	} {
		if got := failureOf(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}
