// Package apitest is a small client of the Prometheus HTTP API for tests. It
// shares no code with the server, so that a test that uses it checks what goes
// over the wire.
package apitest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// Client asks one server.
type Client struct {
	// URL is the server's, without a path.
	URL string
}

// Series is one series of a query result.
type Series struct {
	Labels map[string]string
	// Samples has one element for an instant query.
	Samples []Sample
}

// Sample is a value at a time.
type Sample struct {
	// Millis is the time, in milliseconds since the epoch.
	Millis int64
	// Value is as the server spells it.
	Value string
}

// Float is the value as a number.
func (s Sample) Float() float64 {
	v, err := strconv.ParseFloat(s.Value, 64)
	if err != nil {
		panic(fmt.Sprintf("server answered the value %q: %v", s.Value, err))
	}
	return v
}

// Name spells the labels in a fixed order, to tell series apart.
func (s Series) Name() string {
	pairs := make([]string, 0, len(s.Labels))
	for name, value := range s.Labels {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

// Target is an active target.
type Target struct {
	Labels    map[string]string `json:"labels"`
	Health    string            `json:"health"`
	LastError string            `json:"lastError"`
	ScrapeURL string            `json:"scrapeUrl"`
}

// Metadata describes a metric family.
type Metadata struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
	Help string `json:"help"`
}

// Query evaluates at a time and gives the series sorted by name.
func (c Client) Query(t testing.TB, expr string, at time.Time) []Series {
	t.Helper()
	return c.series(t, "query", url.Values{"query": {expr}, "time": {seconds(at)}})
}

// QueryRange evaluates from start to end and gives the series sorted by name.
func (c Client) QueryRange(t testing.TB, expr string, start, end time.Time, step time.Duration) []Series {
	t.Helper()
	return c.series(t, "query_range", url.Values{
		"query": {expr}, "start": {seconds(start)}, "end": {seconds(end)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
}

// Targets gives the active targets by their job label.
func (c Client) Targets(t testing.TB) map[string]Target {
	t.Helper()
	var data struct {
		ActiveTargets []Target `json:"activeTargets"`
	}
	c.Get(t, "targets", nil, &data)
	byJob := make(map[string]Target)
	for _, target := range data.ActiveTargets {
		byJob[target.Labels["job"]] = target
	}
	return byJob
}

// Metadata gives what is known of one metric family.
func (c Client) Metadata(t testing.TB, family string) []Metadata {
	t.Helper()
	var data map[string][]Metadata
	c.Get(t, "metadata", url.Values{"metric": {family}}, &data)
	return data[family]
}

// Get calls an endpoint under /api/v1/ and decodes the data of its answer. An
// answer that is not a success fails the test.
func (c Client) Get(t testing.TB, endpoint string, parameters url.Values, data any) {
	t.Helper()
	if err := c.TryGet(endpoint, parameters, data); err != nil {
		t.Fatal(err)
	}
}

// TryGet is Get for a server that may not answer.
func (c Client) TryGet(endpoint string, parameters url.Values, data any) error {
	address := c.URL + "/api/v1/" + endpoint
	if len(parameters) > 0 {
		address += "?" + parameters.Encode()
	}
	response, err := httpClient.Get(address)
	if err != nil {
		return err
	}
	return decode(response, endpoint, data)
}

// Post is Get with the parameters in the body.
func (c Client) Post(t testing.TB, endpoint string, parameters url.Values, data any) {
	t.Helper()
	response, err := httpClient.PostForm(c.URL+"/api/v1/"+endpoint, parameters)
	if err != nil {
		t.Fatal(err)
	}
	if err := decode(response, endpoint, data); err != nil {
		t.Fatal(err)
	}
}

var httpClient = &http.Client{Timeout: 30 * time.Second}

func decode(response *http.Response, endpoint string, data any) error {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", endpoint, err)
	}
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%s: status %d, answer %.200q", endpoint, response.StatusCode, body)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: status %d: %s", endpoint, response.StatusCode, answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

func (c Client) series(t testing.TB, endpoint string, parameters url.Values) []Series {
	t.Helper()
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	c.Get(t, endpoint, parameters, &data)
	if data.ResultType == "scalar" {
		var value pair
		unmarshal(t, data.Result, &value)
		return []Series{{Samples: []Sample{value.sample(t)}}}
	}
	var result []struct {
		Metric map[string]string `json:"metric"`
		Value  *pair             `json:"value"`
		Values []pair            `json:"values"`
	}
	unmarshal(t, data.Result, &result)
	series := make([]Series, len(result))
	for i, one := range result {
		series[i].Labels = one.Metric
		if one.Value != nil {
			one.Values = append(one.Values, *one.Value)
		}
		for _, value := range one.Values {
			series[i].Samples = append(series[i].Samples, value.sample(t))
		}
	}
	slices.SortFunc(series, func(a, b Series) int { return strings.Compare(a.Name(), b.Name()) })
	return series
}

// pair is a time in seconds and a value, as the API spells a sample.
type pair [2]any

func (p pair) sample(t testing.TB) Sample {
	t.Helper()
	at, isNumber := p[0].(float64)
	value, isString := p[1].(string)
	if !isNumber || !isString {
		t.Fatalf("not a sample: %v", p)
	}
	return Sample{Millis: int64(at*1000 + 0.5), Value: value}
}

func unmarshal(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in %.200q", err, data)
	}
}

func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

// Eventually calls the condition until it says yes, and fails the test with its
// last answer when that takes longer than the limit.
func Eventually(t testing.TB, limit time.Duration, condition func() (ok bool, state string)) {
	t.Helper()
	err := realserver.Eventually(context.Background(), limit, func(context.Context) error {
		ok, state := condition()
		if !ok {
			return errors.New(state)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
