package cli

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// serverAlert is one of the alerts on a server.
type serverAlert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func serverAlerts(t *testing.T) (alerts []serverAlert) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []serverAlert }
	}
	if err := yaml.Unmarshal(mustRead(t, "deploy/prometheus/server-alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		alerts = append(alerts, group.Rules...)
	}
	if len(alerts) < 15 {
		t.Fatalf("%d alerts", len(alerts))
	}
	return alerts
}

// families are the server's own metrics, by name.
func families(t *testing.T, url string) map[string]bool {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	textParser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := textParser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"up": true}
	for name, family := range parsed {
		names[name] = len(family.Metric) > 0
	}
	return names
}

// Every metric that an alert on the server names is one that it serves, and none of
// them fires for one that is well.
func TestServerAlertsNameWhatIsServed(t *testing.T) {
	configuration := filepath.Join(t.TempDir(), "prometheus.yml")
	text := "global: {scrape_interval: 1s, scrape_timeout: 1s}\nremote_write: [{url: 'http://127.0.0.1:1/api/v1/write'}]\n"
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+configuration)
	alerts := serverAlerts(t)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		names := families(t, p.Client.URL)
		for _, a := range alerts {
			expression, err := parser.NewParser(parser.Options{}).ParseExpr(a.Expr)
			if err != nil {
				t.Fatalf("%s: %v", a.Alert, err)
			}
			for _, selectors := range parser.ExtractSelectors(expression) {
				for _, m := range selectors {
					if m.Name == model.MetricNameLabel && !names[m.Value] {
						return false, fmt.Sprintf("%s: no metric %s", a.Alert, m.Value)
					}
				}
			}
		}
		return true, ""
	})
	code, out, said := run(t, "doctor", "--url", p.Client.URL, "--rules", filepath.Join(repository, "deploy/prometheus/server-alerts.yaml"))
	if strings.Contains(out, "(alerts)") || !strings.Contains(out, "alerts") {
		t.Errorf("exit code %d: %s\n%s", code, said, out)
	}
}

// Each says whom it wakes, and what to do; and the operator's page lists it.
func TestServerAlertsSayWhatToDo(t *testing.T) {
	page := string(mustRead(t, "docs/operations.md"))
	seen := map[string]bool{}
	for _, a := range serverAlerts(t) {
		if s := a.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q", a.Alert, s)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" || seen[a.Alert] {
			t.Errorf("%s: says nothing, or is there twice", a.Alert)
		}
		seen[a.Alert] = true
		if !strings.Contains(page, "`"+a.Alert+"`") {
			t.Errorf("docs/operations.md does not name %s", a.Alert)
		}
	}
}

func TestPromtoolTakesTheServerAlerts(t *testing.T) {
	for _, arguments := range [][]string{{"check", "rules", "--lint-fatal", "server-alerts.yaml"}, {"test", "rules", "server-alerts_test.yaml"}} {
		command := exec.Command(realserver.Find(t, "promtool"), arguments...)
		command.Dir = filepath.Join(repository, "deploy", "prometheus")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", arguments, err, out)
		}
	}
}
