package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// openPage opens an address that does not answer with an exposition, for the
// reason given: a tree page, if it is one or has one below it.
func (f SourceFlags) openPage(ctx context.Context, input treeInput, why error) (*place, error) {
	var status statusError
	switch {
	case errors.Is(why, prom.ErrExpositionHTML), errors.Is(why, prom.ErrExpositionSyntax), errors.Is(why, prom.ErrExpositionBinary), errors.Is(why, prom.ErrExpositionEmpty):
	case errors.As(why, &status) && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusNotAcceptable):
	default:
		return nil, why // it is down, slow or closed to us, whatever it is
	}
	address, err := url.Parse(input.target)
	if err != nil || address.Host == "" {
		return nil, why
	}
	for _, base := range treeBases(address) {
		client := newPageClient(base, input)
		if client.answers(ctx) {
			return &place{viewer: client, name: client.name, short: true, close: client.close}, nil
		}
	}
	if base := queryBase(address); isQueryAPI(ctx, base, input) {
		return nil, fmt.Errorf("%s: it is a server with the query API of Prometheus: give it as --query-url %s", input.name(), base.Redacted())
	}
	return nil, why
}

// treeBases are where the API of a tree page may begin: people copy the address
// of the page, of one of its answers, or of the program.
func treeBases(address *url.URL) []*url.URL {
	path := address.Path
	for _, tail := range []string{"/api/v1/tree", "/static/"} {
		if head, _, found := strings.Cut(path, tail); found {
			path = head
		}
	}
	path = strings.TrimRight(strings.TrimSuffix(path, "/index.html"), "/")
	var bases []*url.URL
	for _, tail := range []string{"/", "/tree/"} {
		bases = append(bases, &url.URL{Scheme: address.Scheme, User: address.User, Host: address.Host, Path: path + tail})
	}
	return bases
}

// queryBase is where the query API of Prometheus would begin, of which people
// copy the address of a page.
func queryBase(address *url.URL) *url.URL {
	path := strings.TrimRight(address.Path, "/")
	for _, tail := range []string{"/graph", "/query", "/targets", "/metrics"} {
		path = strings.TrimSuffix(path, tail)
	}
	path, _, _ = strings.Cut(path, "/api/v1")
	return &url.URL{Scheme: address.Scheme, User: address.User, Host: address.Host, Path: path}
}

// isQueryAPI reports whether the simplest query has an answer.
func isQueryAPI(ctx context.Context, base *url.URL, input treeInput) bool {
	client := newPageClient(base, input)
	defer client.close()
	var answer struct {
		Status string `json:"status"`
		Data   struct {
			Type string `json:"resultType"`
		} `json:"data"`
	}
	target := base.JoinPath("api/v1/query")
	target.RawQuery = url.Values{"query": {"1"}}.Encode()
	return client.get(ctx, target, &answer) == nil && answer.Status == "success" && answer.Data.Type != ""
}

// answers reports whether the API of a tree page is there, if only to say that it
// cannot answer at the moment.
func (c *pageClient) answers(ctx context.Context) bool {
	var root tree.Node
	err := c.ask(ctx, "", url.Values{"values": {"none"}, "depth": {"1"}}, &root)
	var said *pageError
	return err == nil && root.Type == tree.NodeScope || errors.As(err, &said) && said.inJSON && said.status != http.StatusNotFound
}
