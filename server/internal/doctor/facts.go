package doctor

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// facts are what is known about an installation.
type facts struct {
	skew    time.Duration // of the server's clock, ahead of the one here
	own     string        // version of this binary
	storage string        // as it was given

	flags   map[string]string
	runtime runtimeInfo
	head    headInfo
	targets targetInfo
	metrics metrics
	alerts  []firing
	local   Local
}

type runtimeInfo struct {
	StartTime  time.Time `json:"startTime"`
	ServerTime time.Time `json:"serverTime"`
	Hostname   string    `json:"hostname"`
	GOMAXPROCS int       `json:"GOMAXPROCS"`
}

type headInfo struct {
	HeadStats struct {
		NumSeries uint64 `json:"numSeries"`
	} `json:"headStats"`
	Names []struct {
		Name  string `json:"name"`
		Value uint64 `json:"value"`
	} `json:"seriesCountByMetricName"`
}

type targetInfo struct {
	Active  []target       `json:"activeTargets"`
	Dropped map[string]int `json:"droppedTargetCounts"`
}

type target struct {
	Pool      string            `json:"scrapePool"`
	Labels    map[string]string `json:"labels"`
	Health    string            `json:"health"`
	LastError string            `json:"lastError"`
	Took      float64           `json:"lastScrapeDuration"` // seconds
	Timeout   model.Duration    `json:"scrapeTimeout"`
}

// facts asks for all of them. What cannot be asked is a finding.
func (c *client) facts(ctx context.Context) (*facts, *Finding) {
	f := &facts{own: c.own, storage: c.storage}
	before := c.now()
	if err := c.data(ctx, "status/runtimeinfo", nil, &f.runtime); err != nil {
		return nil, c.unasked(err)
	}
	if after := c.now(); !f.runtime.ServerTime.IsZero() {
		f.skew = f.runtime.ServerTime.Sub(before.Add(after.Sub(before) / 2))
	}
	for _, ask := range []struct {
		endpoint string
		query    url.Values
		into     any
	}{
		{"status/flags", nil, &f.flags},
		{"status/tsdb", url.Values{"limit": {"3"}}, &f.head},
		{"targets", nil, &f.targets},
	} {
		if err := c.data(ctx, ask.endpoint, ask.query, ask.into); err != nil {
			return nil, c.unasked(err)
		}
	}
	text, err := c.get(ctx, "metrics", nil)
	if err != nil {
		return nil, c.unasked(err)
	}
	families, err := readMetrics(text)
	if err != nil {
		return nil, &Finding{Error, "ready", "the server's own metrics cannot be read: " + err.Error(), "is " + c.name() + " a metertree server?"}
	}
	f.metrics = families
	return f, nil
}

// readMetrics reads the text format. The parser panics at some texts that are
// none, such as {}.
func readMetrics(text []byte) (families metrics, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			families, err = nil, errors.New("the answer is not in the text format")
		}
	}()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(text))
}

func (c *client) unasked(err error) *Finding {
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusNotFound {
		return &Finding{Note, "ready", c.name() + " is ready, but has no query API of its own, so there is no more to examine", "of a server with --query-url, examine the one that stores; of a gateway, look at its /metrics"}
	}
	message, remedy := c.explain(err)
	return &Finding{Error, "ready", message, remedy}
}

// version is the server's.
func (f *facts) version() string {
	for _, m := range f.metrics["metertree_build_info"].GetMetric() {
		if labels(m)["service"] == "metertree" {
			return labels(m)["version"]
		}
	}
	return ""
}

// metrics are those of the server itself, by family.
type metrics map[string]*dto.MetricFamily

func labels(m *dto.Metric) map[string]string {
	all := map[string]string{}
	for _, l := range m.GetLabel() {
		all[l.GetName()] = l.GetValue()
	}
	return all
}

func number(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.GetCounter().GetValue()
	case m.Gauge != nil:
		return m.GetGauge().GetValue()
	}
	return m.GetUntyped().GetValue()
}

// sum adds up the series of a metric.
func (m metrics) sum(name string) (total float64) {
	for _, one := range m[name].GetMetric() {
		total += number(one)
	}
	return total
}

// sumOf is sum for a name that may be followed by a label and its value, in braces.
func (m metrics) sumOf(selector string) (total float64) {
	name, condition, _ := strings.Cut(strings.TrimSuffix(selector, "}"), "{")
	label, value, _ := strings.Cut(condition, "=")
	for _, one := range m[name].GetMetric() {
		if label == "" || labels(one)[label] == value {
			total += number(one)
		}
	}
	return total
}

// has reports whether there is such a metric.
func (m metrics) has(name string) bool { return len(m[name].GetMetric()) > 0 }
