package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree"
)

var (
	apiRoute = regexp.MustCompile("(?m)^\\| `(GET|POST|PUT|DELETE) (/[^`]*)` \\|")
	// apiPath is a path of the server's own description of its API.
	apiPath = regexp.MustCompile(`(?m)^ {4}(/[a-z_/{}]+):$`)
)

// fill gives the variable parts of paths, and parameters without which a request
// would take long.
var fill = strings.NewReplacer("/observer/{name}", "/observer/build", "{query}", "series", "{group...}", "job/any", "{name}", "job",
	"/pprof/profile", "/pprof/profile?seconds=1", "/pprof/trace", "/pprof/trace?seconds=1")

// TestDocumentedRoutesAnswer asks for every route of docs/http-api.md where the page
// says it is.
func TestDocumentedRoutesAnswer(t *testing.T) {
	routes := documentedAPI(t)
	rt, err := metertree.Start(t.Context(), metertree.Config{Listen: "127.0.0.1:0", Profiling: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	configuration := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(configuration, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+configuration).Client.URL
	gateway := gatewayProcess(t, dataDir(t)).URL
	library := "http://" + rt.Addr().String()
	asked := 0
	for section, bases := range map[string][]string{
		"A program with the library": {library},
		"metertree serve":            {server},
		"metertree gateway":          {gateway},
		"The tree":                   {library + "/tree", server},
	} {
		for _, route := range routes[section] {
			for _, base := range bases {
				asked++
				status, body := asks(t, route[1], base+fill.Replace(route[2]))
				if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
					t.Errorf("%s: %s %s is answered %d: %.200s", section, route[1], route[2], status, body)
				}
			}
		}
	}
	if asked < 60 {
		t.Errorf("%d requests were made: are the tables found?", asked)
	}

	// The other way round, for what is Prometheus's: it describes its own API.
	status, description := asks(t, http.MethodGet, server+"/api/v1/openapi.yaml")
	paths := apiPath.FindAllStringSubmatch(description, -1)
	if status != http.StatusOK || len(paths) < 25 {
		t.Fatalf("status %d, %d paths in %.200s", status, len(paths), description)
	}
	for _, path := range paths {
		off := strings.HasPrefix(path[1], "/admin/") || strings.HasPrefix(path[1], "/search/")
		documented := slices.ContainsFunc(routes["metertree serve"], func(route []string) bool { return route[2] == "/api/v1"+path[1] })
		if !off && !documented {
			t.Errorf("the server has /api/v1%s, which the page does not", path[1])
		}
	}
}

// documentedAPI are the routes of the page, each with its method and path, by the
// heading they stand under.
func documentedAPI(t *testing.T) map[string][][]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	routes, heading := map[string][][]string{}, ""
	for line := range strings.Lines(string(text)) {
		if title, is := strings.CutPrefix(line, "## "); is {
			heading = strings.TrimSpace(title)
		}
		if route := apiRoute.FindStringSubmatch(line); route != nil {
			routes[heading] = append(routes[heading], route)
		}
	}
	return routes
}

func asks(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
