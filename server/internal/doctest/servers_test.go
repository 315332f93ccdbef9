package doctest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// kind is a command that runs until it is interrupted: after it is ready the
// commands that follow are run beside it. It is ended, as by Ctrl-C, before
// another one listens on its port, or at the end of the page.
type kind struct {
	command *regexp.Regexp
	// port is where it listens unless the command says, as in the documentation.
	port string
	// path answers 200 once it is ready.
	path string
	// status is what it ends with after an interrupt.
	status int
}

var kinds = []kind{
	{regexp.MustCompile(`^(bin/)?metertree serve\b`), "2122", "/-/ready", 0},
	{regexp.MustCompile(`^(bin/)?metertree demo\b|^make run\b`), "2123", "/-/ready", 0},
	{regexp.MustCompile(`^(bin/)?metertree gateway\b`), "9091", "/-/ready", 0},
	{regexp.MustCompile(`^go run \./examples/contextd/cmd/contextd\b`), "2121", "/metrics", 1}, // as go run does
	{regexp.MustCompile(`^shop$`), "2121", "/metrics", 0},
	{regexp.MustCompile(`^prometheus .*/mimir`), "8080", "/prometheus/-/ready", 0},
	{regexp.MustCompile(`^prometheus `), "9090", "/-/ready", 0},
	{regexp.MustCompile(`^prometheus-node-exporter\b`), "9100", "/metrics", 0},
	{regexp.MustCompile(`^victoria-metrics\b`), "8481", "/select/42:7/health", 0},
}

// beside are the servers that a reader has already: started as soon as a command
// asks at their port, and the page has started none there.
var beside = map[string]string{
	"2121": "shop",
	"2123": "metertree demo",
	"2122": "metertree serve --scrape http://127.0.0.1:2121/metrics --storage.path .beside/serve",
	"8080": "prometheus --config.file=.beside/prometheus.yml --storage.tsdb.path=.beside/mimir --web.listen-address=127.0.0.1:8080 --web.route-prefix=/prometheus",
	"8481": "victoria-metrics -storageDataPath=.beside/vm -httpListenAddr=127.0.0.1:8481 -http.pathPrefix=/select/42:7 -promscrape.config=.beside/prometheus.yml -search.latencyOffset=0s -loggerLevel=ERROR",
	"9090": "prometheus --config.file=.beside/prometheus.yml --storage.tsdb.path=.beside/prometheus",
	"9100": "prometheus-node-exporter --web.listen-address=127.0.0.1:9100",
}

// scraped has the data of the shop for those who ask a server beside.
const scraped = `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: shop
  static_configs: [{targets: ['127.0.0.1:2121']}]
`

// filled is a question that a server beside must answer before it is asked others.
// What looks through --query-url looks at most five seconds back.
var filled = map[string]string{
	"2122": "/api/v1/query?query=up+offset+6s==1",
	"8080": "/prometheus/api/v1/query?query=up==1",
	"8481": "/select/42:7/prometheus/api/v1/query?query=up+offset+6s==1",
	"9090": "/api/v1/query?query=up==1",
}

// kindOf tells a server from a command that ends.
func kindOf(command string) (k kind, isServer bool) {
	for _, k := range kinds {
		if k.command.MatchString(command) {
			use("kind " + k.command.String())
			return k, true
		}
	}
	return kind{}, false
}

var listenFlag = regexp.MustCompile(`(?:listen-address|httpListenAddr|listen)[= ][\w.]*:(\d+)`)

// listensAt is the port of the documentation where a server listens.
func (k kind) listensAt(command string) string {
	if said := listenFlag.FindStringSubmatch(command); said != nil {
		return said[1]
	}
	return k.port
}

var anyCertificate = &http.Client{
	Timeout:   10 * time.Second,
	Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
}

// answersAt reports whether something speaks HTTP at a port, with TLS or without.
func answersAt(ctx context.Context, port, path, content string) error {
	var last error
	for _, scheme := range []string{"http", "https"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://127.0.0.1:"+port+path, nil)
		if err != nil {
			return err
		}
		request.SetBasicAuth("reader", password) // who asks for nobody does not mind
		response, err := anyCertificate.Do(request)
		if err != nil {
			last = err
			continue
		}
		body := readAll(response)
		if response.StatusCode == http.StatusOK && strings.Contains(body, content) {
			return nil
		}
		last = fmt.Errorf("%s: %s: %.300s", request.URL, response.Status, body)
	}
	return last
}

// ready waits until a server answers.
func (s *server) ready(t *testing.T, port, path, content string) error {
	t.Helper()
	return realserver.Eventually(t.Context(), patience, func(ctx context.Context) error {
		if s.ended() {
			return nil // its exit status is looked at when it is ended
		}
		return answersAt(ctx, port, path, content)
	})
}
