package stats

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	h := with(t, Options{}, Values(filled(t)))
	for query, want := range map[string]ValueCount{
		"?metric=large_total&label=op": {TotalSeries: 360, TotalValues: 3, Values: []ValueSeries{{"0", 120}, {"1", 120}, {"2", 120}}},
		"?metric=large_total&label=shard&limit=2": {
			TotalSeries: 360, TotalValues: 120, Values: []ValueSeries{{"0", 3}, {"1", 3}}, OtherSeries: 354,
		},
	} {
		got := get(h, "/values"+query)
		var count ValueCount
		if err := json.Unmarshal(got.Body.Bytes(), &count); err != nil || got.Code != http.StatusOK {
			t.Fatalf("%v: %d %s", err, got.Code, got.Body)
		}
		want.Metric, want.Label = "large_total", count.Label
		if !reflect.DeepEqual(count, want) || !strings.Contains(query, "label="+count.Label) {
			t.Errorf("%s: got %+v", query, count)
		}
	}
	for query, want := range map[string]string{
		"?metric=none&label=op":                 `metric \"none\" has no series`,
		"?metric=large_total&label=none":        `label \"none\" is none of metric large_total, which has [\"op\" \"shard\"]`,
		"?metric=large_total":                   `needs the parameter \"label\"`,
		"?metric=large_total&label=op&limit=-1": `limit \"-1\"`,
	} {
		if got := get(h, "/values"+query); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: got %d %s", query, got.Code, got.Body)
		}
	}
}

func TestValuesStopWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := countValues(ctx, filled(t), "large_total", "op", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}
