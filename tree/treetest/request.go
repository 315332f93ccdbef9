package treetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// request is what a question asks.
type request struct {
	verb     string
	scope    tree.ScopeRequest
	sel      tree.Selector
	labels   []string
	limits   tree.Limits
	mode     metric.RatioMode
	rank     tree.Rank
	window   time.Duration
	baseline time.Duration
}

func parseRequest(line string) (request, error) {
	s := scanner{line}
	r := request{}
	r.verb, _ = s.word()
	var err error
	switch r.verb {
	case "scope":
		err = r.parseScope(&s)
	case "signals":
		r.scope.Path, err = s.word()
	case "metric", "expand", "explain":
		if r.sel, err = s.selector(); err == nil {
			err = r.parseOptions(&s)
		}
	default:
		err = fmt.Errorf("statement %q is not known: use load, scope, metric, expand, explain, signals or expect", r.verb)
	}
	s.skipSpace()
	if err == nil && s.rest != "" {
		err = fmt.Errorf("%q is left over: remove it", s.rest)
	}
	return r, err
}

func (r *request) parseScope(s *scanner) error {
	for first := true; ; first = false {
		s.skipSpace()
		quoted := strings.HasPrefix(s.rest, `"`)
		word, err := s.word()
		switch {
		case err != nil:
			return err
		case word == "" && !quoted:
			return nil
		case word == "depth" && !quoted:
			err = s.number(&r.scope.Depth)
		case word == "nodes" && !quoted:
			err = s.number(&r.limits.Nodes)
		case word == "readings" && !quoted:
			err = s.number(&r.limits.Readings)
		case word == "by" && !quoted:
			word, err = s.word()
			r.scope.By = append(r.scope.By, word)
		case word == "filter" && !quoted:
			r.scope.Filter, s.rest = strings.TrimSpace(s.rest), ""
		case first:
			r.scope.Path = word
		default:
			err = fmt.Errorf("%q is not understood: write scope [PATH] [depth N] [nodes N] [readings N] [by LABEL]… [filter WORD…]", word)
		}
		if err != nil {
			return err
		}
	}
}

// options are what may follow a selector, for each verb.
var options = map[string]string{
	"metric":  "metric SELECTOR [baseline DURATION] [rank declared|value|change]",
	"expand":  "expand SELECTOR by LABEL [limit N] [mode share] [baseline DURATION]",
	"explain": "explain SELECTOR [by LABEL]… [window DURATION] [baseline DURATION]",
}

func (r *request) parseOptions(s *scanner) error {
	for {
		word, err := s.word()
		switch {
		case err != nil:
			return err
		case word == "" && r.verb == "expand" && len(r.labels) != 1:
			return fmt.Errorf("one label to expand by: write %s", options[r.verb])
		case word == "":
			return nil
		case !strings.Contains(options[r.verb], word+" "):
			return fmt.Errorf("%q is not understood: write %s", word, options[r.verb])
		}
		if err := r.parseOption(word, s); err != nil {
			return err
		}
	}
}

func (r *request) parseOption(name string, s *scanner) error {
	if name == "limit" {
		return s.number(&r.limits.Branches)
	}
	value, err := s.word()
	if err != nil {
		return err
	}
	switch {
	case name == "by":
		r.labels = append(r.labels, value)
	case name == "window":
		r.window, err = time.ParseDuration(value)
	case name == "baseline":
		r.baseline, err = time.ParseDuration(value)
	case name == "mode" && value == "share":
		r.mode = metric.ShareOfParent
	case name == "rank" && value == "value":
		r.rank = tree.RankByValue
	case name == "rank" && value == "change":
		r.rank = tree.RankByChange
	default:
		err = fmt.Errorf("%s %q is not known: write %s", name, value, options[r.verb])
	}
	return err
}

func (s *scanner) number(to *int) error {
	word, err := s.word()
	if err != nil {
		return err
	}
	if *to, err = strconv.Atoi(word); err != nil || *to < 1 {
		return fmt.Errorf("%q is no positive whole number: write one", word)
	}
	return nil
}

// ask puts the request to a tree over the source, and writes the answer.
func (r request) ask(ctx context.Context, source tree.Source) ([]string, error) {
	t := tree.New(source, r.limits)
	t.SetClock(func() time.Time { return Now })
	var n *tree.Node
	var err error
	switch r.verb {
	case "scope":
		n, err = t.Scope(ctx, r.scope)
	case "metric":
		n, err = t.Metric(ctx, tree.MetricRequest{Selector: r.sel, Baseline: r.baseline, Rank: r.rank})
	case "signals":
		signals, err := t.Signals(ctx, r.scope.Path)
		if err != nil {
			return nil, err
		}
		return renderSignals(signals), nil
	case "explain":
		explained, err := t.Explain(ctx, tree.ExplainRequest{Selector: r.sel, By: r.labels, Window: r.window, Baseline: r.baseline})
		if err != nil {
			return nil, err
		}
		return renderExplained(explained), nil
	default:
		n, err = t.Split(ctx, tree.SplitRequest{Selector: r.sel, By: r.labels[0], Mode: r.mode, Baseline: r.baseline})
	}
	if err != nil {
		return nil, err
	}
	return render(n), nil
}
