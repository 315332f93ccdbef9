package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/metertree/metertree/server/internal/queryapi"
)

// QueryURLFlags name a server with the Prometheus query API, whose metrics are
// shown without storing them.
type QueryURLFlags struct {
	QueryURL             string   `name:"query-url" xor:"targets" placeholder:"URL" help:"Show what this Prometheus, VictoriaMetrics, Mimir or Thanos stores: the address before /api/v1/query, user:password@ in it if it needs one."`
	QueryBearerTokenFile string   `name:"query.bearer-token-file" type:"path" placeholder:"FILE" help:"File with the bearer token for --query-url, read again for each request."`
	QueryHeader          []string `name:"query.header" sep:"none" placeholder:"NAME:VALUE" help:"Header for --query-url, such as X-Scope-OrgID:team. Repeatable."`
	QueryCAFile          string   `name:"query.ca-file" type:"path" placeholder:"FILE" help:"Certificates to trust for --query-url beside the system's, in PEM form."`
}

// remote reports whether a server is named.
func (f QueryURLFlags) remote() bool { return f.QueryURL != "" }

// options are those of the source that asks the server. Errors name no secrets.
func (f QueryURLFlags) options() (queryapi.Options, error) {
	options := queryapi.Options{
		URL:             f.QueryURL,
		BearerTokenFile: f.QueryBearerTokenFile,
		CAFile:          f.QueryCAFile,
		Header:          make(http.Header),
		UserAgent:       "metertree/" + Version(),
	}
	for i, header := range f.QueryHeader {
		name, value, found := strings.Cut(header, ":")
		if name = strings.TrimSpace(name); !found || name == "" || strings.ContainsAny(name, " \t") {
			return options, fmt.Errorf("--query.header number %d is not a header: write it as NAME:VALUE", i+1)
		}
		options.Header.Add(name, strings.TrimSpace(value))
	}
	return options, nil
}

// check finds the mistakes that can be seen without asking the server.
func (f QueryURLFlags) check() error {
	if !f.remote() {
		if f.QueryBearerTokenFile != "" || f.QueryCAFile != "" || len(f.QueryHeader) > 0 {
			return fmt.Errorf("flags --query.bearer-token-file, --query.header and --query.ca-file are for --query-url: give it too")
		}
		return nil
	}
	options, err := f.options()
	if err == nil {
		err = options.Check()
	}
	if err != nil {
		return fmt.Errorf("--query-url: %w", err)
	}
	return nil
}
