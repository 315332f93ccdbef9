package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// get returns the body of an answer with status 200 or 204.
func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", address, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s answers %s: %.300s", address, response.Status, body)
	}
	return body, nil
}

// question is a query of the Prometheus HTTP API: an instant one, or, with a
// step, one over a range.
type question struct {
	expr       string
	start, end time.Time
	step       time.Duration
}

// address is the question put to a server.
func (q question) address(p *process) string {
	values := url.Values{"query": {q.expr}}
	maps.Copy(values, p.server.query)
	path := "/api/v1/query"
	if q.step > 0 {
		path = "/api/v1/query_range"
		values.Set("start", unixSeconds(q.start))
		values.Set("end", unixSeconds(q.end))
		values.Set("step", strconv.FormatFloat(q.step.Seconds(), 'f', -1, 64))
	} else {
		values.Set("time", unixSeconds(q.end))
	}
	return p.url + path + "?" + values.Encode()
}

func unixSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

// point is a value at a time, in seconds of the Unix clock.
type point struct {
	at    float64
	value float64
}

// UnmarshalJSON implements json.Unmarshaler: [seconds, "value"].
func (p *point) UnmarshalJSON(text []byte) error {
	var value string
	pair := []any{&p.at, &value}
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	var err error
	p.value, err = strconv.ParseFloat(value, 64)
	return err
}

// answer is what a query says, by the labels of each series as text.
type answer map[string][]point

// parseAnswer reads a vector or a matrix.
func parseAnswer(body []byte) (answer, error) {
	var envelope struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  *point
				Values []point
			}
		}
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, fmt.Errorf("answer %.200q cannot be read: %w", body, err)
	}
	a := answer{}
	for _, series := range envelope.Data.Result {
		points := series.Values
		if series.Value != nil {
			points = append(points, *series.Value)
		}
		key := ""
		for _, name := range slices.Sorted(maps.Keys(series.Metric)) {
			key += name + "=" + strconv.Quote(series.Metric[name]) + ","
		}
		a[key] = points
	}
	return a, nil
}

// ask puts a question to a server.
func (p *process) ask(ctx context.Context, q question) (answer, error) {
	body, err := get(ctx, http.DefaultClient, q.address(p))
	if err != nil {
		return nil, err
	}
	return parseAnswer(body)
}

// number is the only value of an answer; an empty one is zero, as a sum over
// nothing.
func (p *process) number(ctx context.Context, expr string, at time.Time) (float64, error) {
	a, err := p.ask(ctx, question{expr: expr, end: at})
	if err != nil {
		return 0, err
	}
	if len(a) > 1 {
		return 0, fmt.Errorf("%s answers %s with %d series, want one", p.server.Name, expr, len(a))
	}
	for _, points := range a {
		return points[0].value, nil
	}
	return 0, nil
}

// holds is how many samples of the names a server has in a span.
func (p *process) holds(ctx context.Context, names []string, when span) (int, error) {
	total := 0
	for _, name := range names {
		n, err := p.number(ctx, fmt.Sprintf("sum(count_over_time(%s[%ds]))", name, when.seconds()), when.end)
		if err != nil {
			return 0, err
		}
		total += int(n)
	}
	return total, nil
}

// flush makes what was received visible to queries.
func (p *process) flush(ctx context.Context) error {
	if p.server.flush == "" {
		return nil
	}
	_, err := get(ctx, http.DefaultClient, p.url+p.server.flush)
	return err
}

// waitStored waits until a server has so many samples, which may take a moment
// where they are gathered in memory, and returns how many it has: fewer where
// they do not come.
func (p *process) waitStored(ctx context.Context, names []string, when span, want int) (int, error) {
	for look := 1; ; look++ {
		if err := p.flush(ctx); err != nil {
			return 0, err
		}
		n, err := p.holds(ctx, names, when)
		if err != nil || n >= want || look == looks {
			return n, err
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
