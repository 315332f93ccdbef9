package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// pageClient is a viewer that asks the API of a tree page, which package web
// serves. It is safe for concurrent use.
type pageClient struct {
	base  *url.URL // ends in a slash
	name  string   // without a password
	input treeInput
	http  *http.Client
	// moment is what answers are of, in Unix milliseconds; 0 is now.
	moment int64
}

// at is a client that asks about a moment, in Unix milliseconds; 0 is now.
func (c *pageClient) at(moment int64) *pageClient {
	then := *c
	then.moment = moment
	return &then
}

// momentOf is the moment of a node's reading.
func momentOf(n *tree.Node) time.Time { return time.UnixMilli(n.At) }

func newPageClient(base *url.URL, input treeInput) *pageClient {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		MaxIdleConnsPerHost:    concurrentQuestions,
		IdleConnTimeout:        time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &pageClient{base: base, name: base.Redacted(), input: input, http: &http.Client{Transport: transport}}
}

func (c *pageClient) close() { c.http.CloseIdleConnections() }

// mostDepth is how many levels of scopes a tree page opens at once.
const mostDepth = 64

// Scope implements viewer. Labels are not expanded.
func (c *pageClient) Scope(ctx context.Context, req tree.ScopeRequest) (*tree.Node, error) {
	q := url.Values{"scope": {req.Path}, "filter": {req.Filter}, "depth": {strconv.Itoa(min(max(req.Depth, 1), mostDepth))}}
	if req.Values == tree.LeaveValues {
		q.Set("values", "none")
	}
	return asked[tree.Node](ctx, c, "", q)
}

// Signals implements viewer.
func (c *pageClient) Signals(ctx context.Context, path string) (*tree.Signals, error) {
	return asked[tree.Signals](ctx, c, "/signals", url.Values{"scope": {path}})
}

var rankNames = map[tree.Rank]string{tree.RankByDeclaration: "declared", tree.RankByValue: "value", tree.RankByChange: "change"}

// Metric implements viewer.
func (c *pageClient) Metric(ctx context.Context, req tree.MetricRequest) (*tree.Node, error) {
	q := selected(req.Selector)
	setDuration(q, "baseline", req.Baseline)
	q.Set("rank", rankNames[req.Rank])
	return asked[tree.Node](ctx, c, "/metric", q)
}

// Split implements viewer.
func (c *pageClient) Split(ctx context.Context, req tree.SplitRequest) (*tree.Node, error) {
	q := selected(req.Selector)
	q.Set("by", req.By)
	setNumber(q, "limit", req.Limit)
	setDuration(q, "baseline", req.Baseline)
	setMode(q, req.Mode)
	return asked[tree.Node](ctx, c, "/split", q)
}

// Plot implements viewer.
func (c *pageClient) Plot(ctx context.Context, req tree.PlotRequest) (*tree.Plot, error) {
	q := selected(req.Selector)
	if req.By != "" {
		q.Set("by", req.By)
	}
	setDuration(q, "window", req.Window)
	setNumber(q, "lines", req.Lines)
	setNumber(q, "points", req.Points)
	setMode(q, req.Mode)
	if req.Quantile > 0 {
		q.Set("quantile", strconv.FormatFloat(req.Quantile, 'g', -1, 64))
	}
	return asked[tree.Plot](ctx, c, "/plot", q)
}

// Explain implements viewer.
func (c *pageClient) Explain(ctx context.Context, req tree.ExplainRequest) (*tree.Explained, error) {
	q := selected(req.Selector)
	q["by"] = req.By
	setDuration(q, "window", req.Window)
	setDuration(q, "baseline", req.Baseline)
	setNumber(q, "branches", req.MaxBranches)
	return asked[tree.Explained](ctx, c, "/explain", q)
}

func selected(sel tree.Selector) url.Values {
	q := url.Values{"metric": {sel.Metric}}
	for _, m := range sel.Matchers {
		q.Add("label", m.Name)
		q.Add("value", m.Value)
	}
	return q
}

func setDuration(q url.Values, name string, d time.Duration) {
	if d != 0 {
		q.Set(name, d.String())
	}
}

func setNumber(q url.Values, name string, n int) {
	if n > 0 {
		q.Set(name, strconv.Itoa(n))
	}
}

func setMode(q url.Values, mode metric.RatioMode) {
	if mode != metric.WithinGroup {
		q.Set("mode", mode.String())
	}
}

func asked[T any](ctx context.Context, c *pageClient, endpoint string, q url.Values) (*T, error) {
	answer := new(T)
	if err := c.ask(ctx, endpoint, q, answer); err != nil {
		return nil, err
	}
	if node, is := any(answer).(*tree.Node); is && hasHole(node) {
		return nil, c.explain(fmt.Errorf("%w: a child is null", errNotAnswer))
	}
	return answer, nil
}

// hasHole reports whether there is no node where one has to be, which no tree page
// answers.
func hasHole(n *tree.Node) bool { return n == nil || slices.ContainsFunc(n.Children, hasHole) }

// ask asks one question of the API.
func (c *pageClient) ask(ctx context.Context, endpoint string, q url.Values, to any) error {
	target := c.base.JoinPath("api/v1/tree" + endpoint)
	if c.moment != 0 {
		q.Set("at", strconv.FormatInt(c.moment, 10))
	}
	target.RawQuery = q.Encode()
	return c.get(ctx, target, to)
}

// pageError is an answer other than 200.
type pageError struct {
	page   string
	status int
	text   string // of the page's own, if inJSON
	inJSON bool
}

// Error implements error.
func (e *pageError) Error() string {
	text, remedy := fmt.Sprintf("answers %d %s", e.status, http.StatusText(e.status)), "check that it is the address of a tree page"
	switch {
	case e.inJSON:
		return e.page + ": " + e.text
	case e.status == http.StatusTooManyRequests:
		remedy = "it wants fewer questions: wait, show less with --filter or --depth, or watch with a longer period"
	case e.status == http.StatusUnauthorized, e.status == http.StatusForbidden:
		remedy = "give credentials in the address: http://user:password@host/tree/"
	case e.status >= http.StatusInternalServerError:
		remedy = "look at the log of the program, or of the proxy before it"
	}
	return fmt.Sprintf("%s: %s: %s", e.page, text, remedy)
}

// Unwrap tells what the page's error was where it was made.
func (e *pageError) Unwrap() error {
	if !e.inJSON {
		return nil
	}
	return map[int]error{
		http.StatusNotFound:       tree.ErrUnknownMetric,
		http.StatusNotImplemented: tree.ErrNoHistory,
		http.StatusBadRequest:     tree.ErrRequest,
	}[e.status]
}

var errNotAnswer = errors.New("not an answer of a tree page")

// get reads one JSON document. Its errors are of one line with the remedy.
func (c *pageClient) get(ctx context.Context, target *url.URL, to any) error {
	ctx, cancel := context.WithTimeout(ctx, c.input.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return c.explain(errBadURL)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "metertree/"+Version())
	response, err := c.http.Do(request)
	if err != nil {
		return c.explain(err)
	}
	defer response.Body.Close()
	body, err := c.read(response.Body)
	if err != nil {
		return c.explain(err)
	}
	if response.StatusCode != http.StatusOK {
		return c.refused(response.StatusCode, body)
	}
	if err := json.Unmarshal(body, to); err != nil {
		return c.explain(fmt.Errorf("%w: %w", errNotAnswer, err))
	}
	return nil
}

// read reads a body within the limit.
func (c *pageClient) read(body io.Reader) ([]byte, error) {
	if c.input.limit <= 0 {
		return io.ReadAll(body)
	}
	all, err := io.ReadAll(io.LimitReader(body, c.input.limit+1))
	if err == nil && int64(len(all)) > c.input.limit {
		err = errTooLarge
	}
	return all, err
}

func (c *pageClient) refused(status int, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	inJSON := json.Unmarshal(body, &said) == nil && said.Error != ""
	return &pageError{page: c.name, status: status, text: oneLine(said.Error), inJSON: inJSON}
}

// explain says what went wrong on the way.
func (c *pageClient) explain(err error) error {
	switch {
	case errors.Is(err, errNotAnswer):
		return &inputError{text: c.name + ": the answer is cut off, or none of a tree page: check the address, and what stands before it", cause: err}
	case errors.Is(err, errTooLarge):
		return &inputError{text: fmt.Sprintf("%s: the answer is larger than %s: show less with --filter or --depth, or raise --body-size-limit", c.name, ByteSize(c.input.limit)), cause: err}
	}
	named := c.input
	named.target = c.base.String()
	return named.explain(err)
}

// maxRemoteText is how much of another program's own words is passed on.
const maxRemoteText = 500

// oneLine makes what another program said fit to be shown.
func oneLine(s string) string {
	s = string(bytes.ToValidUTF8([]byte(s), []byte("\uFFFD")))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	return shorten(s, maxRemoteText)
}
