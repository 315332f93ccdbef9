package grafanatest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/serve"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	repository   = "../../.."
	dashboards   = repository + "/deploy/grafana"
	provisioning = dashboards + "/provisioning"
)

// datasource is what Grafana reads of one; a field it does not know would be passed
// over in silence.
type datasource struct {
	Name, UID, Type, Access, URL string
	BasicAuth                    bool              `yaml:"basicAuth"`
	BasicAuthUser                string            `yaml:"basicAuthUser"`
	SecureJSONData               map[string]string `yaml:"secureJsonData"`
	JSONData                     struct {
		HTTPMethod           string                       `yaml:"httpMethod"`
		PrometheusType       string                       `yaml:"prometheusType"`
		PrometheusVersion    string                       `yaml:"prometheusVersion"`
		TimeInterval         string                       `yaml:"timeInterval"`
		IncrementalQuerying  bool                         `yaml:"incrementalQuerying"`
		ManageAlerts         *bool                        `yaml:"manageAlerts"`
		TLSAuthWithCACert    bool                         `yaml:"tlsAuthWithCACert"`
		HTTPHeaderName1      string                       `yaml:"httpHeaderName1"`
		ServerName           string                       `yaml:"serverName"`
		ExemplarDestinations []struct{ Name, URL string } `yaml:"exemplarTraceIdDestinations"`
	} `yaml:"jsonData"`
}

type datasources struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []datasource
}

// strictly decodes a YAML document in which nothing may be unknown.
func strictly(t *testing.T, where string, text []byte, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The data source is one of the type that the dashboards ask for, at the address
// where the server listens unless told otherwise.
func TestDatasource(t *testing.T) {
	var file datasources
	path := filepath.Join(provisioning, "datasources", "metertree.yaml")
	strictly(t, path, read(t, path), &file)
	if file.APIVersion != 1 || len(file.Datasources) != 1 {
		t.Fatalf("%s: %+v", path, file)
	}
	d := file.Datasources[0]
	if d.Name != "metertree" || d.UID != "metertree" || d.Access != "proxy" || d.URL != "http://"+serve.DefaultListenAddress {
		t.Errorf("%s: %+v", path, d)
	}
	every, err := model.ParseDuration(d.JSONData.TimeInterval)
	if want := serve.Defaults("").Defaults.Interval; err != nil || time.Duration(every) != want {
		t.Errorf("timeInterval %q, and the server scrapes every %v: %v", d.JSONData.TimeInterval, want, err)
	}
	if d.JSONData.HTTPMethod != "POST" || d.JSONData.PrometheusType != "Prometheus" || d.JSONData.ManageAlerts == nil || *d.JSONData.ManageAlerts {
		t.Errorf("%s: %+v", path, d.JSONData)
	}
	for name, types := range datasourceTypes(t) {
		for _, asked := range types {
			if asked != d.Type {
				t.Errorf("%s asks for a data source of type %q, and %q is provisioned", name, asked, d.Type)
			}
		}
	}
}

// datasourceTypes are those of the variables of each dashboard.
func datasourceTypes(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dashboards, "*.json"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d dashboards, %v", len(files), err)
	}
	types := map[string][]string{}
	for _, file := range files {
		var dashboard struct {
			Templating struct {
				List []struct {
					Name, Type string
					Query      any
				}
			}
		}
		if err := json.Unmarshal(read(t, file), &dashboard); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, variable := range dashboard.Templating.List {
			if query, isText := variable.Query.(string); isText && variable.Type == "datasource" && variable.Name == "datasource" {
				types[file] = append(types[file], query)
			}
		}
		if len(types[file]) != 1 {
			t.Errorf("%s has %d variables for its data source", file, len(types[file]))
		}
	}
	return types
}

func TestDashboardProvider(t *testing.T) {
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type, Folder string
			AllowUIUpdates     bool `yaml:"allowUiUpdates"`
			UpdateSeconds      int  `yaml:"updateIntervalSeconds"`
			Options            struct{ Path string }
		}
	}
	path := filepath.Join(provisioning, "dashboards", "metertree.yaml")
	strictly(t, path, read(t, path), &file)
	if file.APIVersion != 1 || len(file.Providers) != 1 || file.Providers[0].Type != "file" || !filepath.IsAbs(file.Providers[0].Options.Path) {
		t.Fatalf("%s: %+v", path, file)
	}
	if page := string(read(t, repository+"/docs/grafana.md")); !strings.Contains(page, file.Providers[0].Options.Path) {
		t.Errorf("docs/grafana.md does not tell to put the dashboards into %s", file.Providers[0].Options.Path)
	}
}

// The data sources that the page shows are ones that Grafana reads, and the first is
// the file.
func TestDatasourcesOfThePage(t *testing.T) {
	page := string(read(t, repository+"/docs/grafana.md"))
	blocks := strings.Split(page, "```yaml\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		var file datasources
		strictly(t, "docs/grafana.md", []byte(text), &file)
		for _, d := range file.Datasources {
			if d.Type != "prometheus" || d.URL == "" || d.JSONData.HTTPMethod != "POST" {
				t.Errorf("%+v", d)
			}
			if header := d.JSONData.HTTPHeaderName1; header != "" && !strings.HasPrefix(d.SecureJSONData["httpHeaderValue1"], "Bearer ") {
				t.Errorf("the header %s has no value", header)
			}
			if d.BasicAuth && (d.BasicAuthUser == "" || d.SecureJSONData["basicAuthPassword"] == "") {
				t.Errorf("a user without a name or a password: %+v", d)
			}
			if d.JSONData.TLSAuthWithCACert != (d.SecureJSONData["tlsCACert"] != "") {
				t.Errorf("an authority's certificate that is not said or not used: %+v", d)
			}
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts a server; stop ends it and fails the test if it does not end well.
func run(t *testing.T, options serve.Options, ended chan error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- serve.Run(ctx, options) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
