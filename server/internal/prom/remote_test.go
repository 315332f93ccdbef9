package prom

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// What is scraped reaches a real Prometheus by remote_write, labels, type and
// help included.
func TestForwardsToPrometheus(t *testing.T) {
	store := realserver.Prometheus(t, "global: {}\n")
	target := goodTarget(t)
	path := writeFile(t, "prometheus.yml", fmt.Sprintf(`
global:
  scrape_interval: 200ms
  external_labels: {site: here}
scrape_configs:
- job_name: shop
  static_configs: [{targets: [%q]}]
remote_write:
- url: %s/api/v1/write
  queue_config: {batch_send_deadline: 100ms}
`, target, store.URL))
	config, err := LoadConfig(path, ScrapeDefaults{})
	if err != nil {
		t.Fatal(err)
	}
	startNode(t, testOptions(t), config)
	far := apitest.Client{URL: store.URL}
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := far.Query(t, `good_total{job="shop",site="here"}`, time.Now())
		return len(got) == 1 && got[0].Samples[0].Value == "7", fmt.Sprint(got)
	})
}

// A configuration that cannot be applied leaves the running one as it was.
func TestApplyPutsTheFormerBack(t *testing.T) {
	target := goodTarget(t)
	former := scrapeConfig(t, ScrapeDefaults{}, target)
	node, _ := startNode(t, testOptions(t), former)
	server := httptest.NewServer(node.API())
	defer server.Close()
	client := apitest.Client{URL: server.URL}
	bad := scrapeConfig(t, ScrapeDefaults{}, goodTarget(t))
	// Two equal endpoints are refused by the forwarder, when the file was already
	// found to be good.
	path := writeFile(t, "c.yml", "remote_write:\n- url: http://h/w\n- url: http://h/w\n")
	twice, err := LoadConfig(path, ScrapeDefaults{})
	if err != nil {
		t.Fatal(err)
	}
	bad.inner.RemoteWriteConfigs = twice.inner.RemoteWriteConfigs
	if err := node.Apply(bad); err == nil {
		t.Fatal("applied")
	}
	if node.config() != former {
		t.Error("the former configuration is not the current one")
	}
	if succeeded, _ := node.lastApply(); succeeded {
		t.Error("the failure is not noted")
	}
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		targets := client.Targets(t)
		return len(targets) == 1 && targets[target].Health == "up", fmt.Sprint(targets)
	})
}
