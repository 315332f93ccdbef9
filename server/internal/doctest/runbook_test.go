package doctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestEveryAlertHasARunbook looks for each ready alert on the page that tells what
// to do about it.
func TestEveryAlertHasARunbook(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository, "docs/troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, name := range []string{"alerts.yaml", "server-alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join(repository, "deploy/prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct{ Rules []struct{ Alert string } }
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				alerts++
				if !strings.Contains(string(page), "`"+rule.Alert+"`") {
					t.Errorf("docs/troubleshooting.md does not say what to do about %s of %s", rule.Alert, name)
				}
			}
		}
	}
	if alerts < 40 {
		t.Errorf("%d alerts are found", alerts)
	}
}
