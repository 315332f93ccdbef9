package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckOutput(t *testing.T) {
	const directory = "testdata/check"
	golden(t, directory, "config", exitFailure, "check", "config", "broken.yml", "good.yml")
	golden(t, directory, "config-json", exitFailure, "check", "config", "good.yml", "broken-tls.yml", "--json")
	golden(t, directory, "rules", exitFailure, "check", "rules", "broken-rules.yml")
	golden(t, directory, "metrics", exitFailure, "check", "metrics", "shop.prom", "good.yml")
}

// One file that cannot be checked is worse than mistakes in the others.
func TestCheckExitCodes(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# HELP shop_calls_total Calls.\n# TYPE shop_calls_total counter\nshop_calls_total 1\n"))
	}))
	defer page.Close()
	const directory = "testdata/check/"
	for _, tt := range []struct {
		code int
		args []string
	}{
		{exitOK, []string{"config", directory + "good.yml"}},
		{exitFailure, []string{"config", directory + "good.yml", directory + "broken.yml"}},
		{exitUsage, []string{"config", directory + "broken.yml", missing}},
		{exitUsage, []string{"config"}},
		{exitOK, []string{"rules", "../../../deploy/prometheus/alerts.yaml"}},
		{exitUsage, []string{"rules", missing}},
		{exitOK, []string{"metrics", page.URL}},
		{exitFailure, []string{"metrics", "-"}},
		{exitUsage, []string{"metrics", "http://127.0.0.1:1/metrics"}},
		{exitUsage, []string{"metrics", page.URL, "--severity=loud"}},
	} {
		for _, way := range [][]string{nil, {"--json"}} {
			code, out, said := run(t, append(append([]string{"check"}, tt.args...), way...)...)
			if code != tt.code || (said == "") != (code == exitOK) {
				t.Errorf("%v: exit code %d, want %d: %s\n%s", tt.args, code, tt.code, said, out)
			}
			var list []checkedFile
			if way != nil && out != "" && json.Unmarshal([]byte(out), &list) != nil {
				t.Errorf("%v: no JSON: %s", tt.args, out)
			}
		}
	}
}

func TestCheckMetricsHidesThePassword(t *testing.T) {
	_, out, said := run(t, "check", "metrics", "http://me:hush@127.0.0.1:1/metrics")
	if strings.Contains(out+said, "hush") {
		t.Errorf("%s%s", out, said)
	}
}
