package httpmetrics

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// The table in the package comment is where users look names up.
func TestEveryMetricIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`//\t(http_[a-z_]+)(?:\{([a-z,]+)\})?(?:\n//\t)? +([a-z]+) `)
	documented := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(string(doc), -1) {
		documented[m[1]] = m[3] + " by " + m[2]
	}
	r := registry.New(registry.Options{})
	s, err := NewServer(meter.New(r), ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(meter.New(r), ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// A metric shows once it has a series.
	s.bind(answerKey{})
	c.bind(callKey{})
	c.bind(callKey{kind: other})
	for f := range r.Collect(t.Context()) {
		d := f.Descriptor
		if !strings.HasPrefix(d.Name, "http_") {
			continue
		}
		if got := d.Kind.String() + " by " + strings.Join(d.Keys, ","); documented[d.Name] != got {
			t.Errorf("%s is a %s, documented as %q", d.Name, got, documented[d.Name])
		}
		delete(documented, d.Name)
	}
	for name := range documented {
		t.Errorf("%s is documented but not collected", name)
	}
}
