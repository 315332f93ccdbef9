package prom

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Expressions as deep as a question may be are answered in some way, and the process
// goes on; larger questions are refused unread.
func TestDeepExpressions(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	const most = maxQueryBytes - 100
	for name, test := range map[string]struct {
		query   string
		refused bool
	}{
		"minus":       {strings.Repeat("-", most) + "1", false},
		"parentheses": {strings.Repeat("(", most/2) + "1" + strings.Repeat(")", most/2), false},
		"too large":   {strings.Repeat("-", maxQueryBytes) + "1", true},
	} {
		// What need not be escaped is not, to go as deep as can be.
		response, err := http.Post(client.URL+"/api/v1/query", "application/x-www-form-urlencoded", strings.NewReader("query="+test.query))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = response.Body.Close()
		if test.refused && response.StatusCode/100 != 4 {
			t.Errorf("%s: %s", name, response.Status)
		}
		if alive, err := http.Get(client.URL + "/api/v1/query?query=" + url.QueryEscape("vector(1)")); err != nil || alive.StatusCode != http.StatusOK {
			t.Fatalf("%s: afterwards %v", name, err)
		} else {
			_ = alive.Body.Close()
		}
	}
}
