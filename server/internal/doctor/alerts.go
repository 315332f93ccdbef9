package doctor

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Alert is a rule of an alert.
type Alert struct {
	Name, Expr, Severity, Description string
}

// ReadAlerts reads the alerts of a file of Prometheus rules. Recording rules are
// left out, and so are alerts on what those record, since metertree records nothing.
func ReadAlerts(path string) ([]Alert, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("rules cannot be read: %w: check the path", err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Record, Alert, Expr string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("%s: %s: see metertree check rules %s", path, strings.Join(strings.Fields(err.Error()), " "), path)
	}
	var alerts []Alert
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" && !strings.Contains(rule.Expr, ":") {
				alerts = append(alerts, Alert{rule.Alert, rule.Expr, rule.Labels["severity"], rule.Annotations["description"]})
			}
		}
	}
	return alerts, nil
}

// firing is an alert whose condition holds, or that cannot be evaluated.
type firing struct {
	Alert
	series []map[string]string
	err    error
}

// alerts evaluates them on the server, at its present.
func (c *client) alerts(ctx context.Context, alerts []Alert) (all []firing) {
	for _, alert := range alerts {
		var answer struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
			} `json:"result"`
		}
		err := c.data(ctx, "query", url.Values{"query": {alert.Expr}}, &answer)
		one := firing{Alert: alert, err: err}
		for _, series := range answer.Result {
			one.series = append(one.series, series.Metric)
		}
		if err != nil || len(one.series) > 0 {
			all = append(all, one)
		}
	}
	return all
}
