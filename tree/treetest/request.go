package treetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/metertree/metertree/tree"
)

// request is what a question asks.
type request struct {
	verb   string
	scope  tree.ScopeRequest
	sel    tree.Selector
	label  string
	limits tree.Limits
}

func parseRequest(line string) (request, error) {
	s := scanner{line}
	r := request{}
	r.verb, _ = s.word()
	var err error
	switch r.verb {
	case "scope":
		err = r.parseScope(&s)
	case "metric":
		r.sel, err = s.selector()
	case "expand":
		err = r.parseExpand(&s)
	default:
		err = fmt.Errorf("statement %q is not known: use load, scope, metric, expand or expect", r.verb)
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

func (r *request) parseExpand(s *scanner) (err error) {
	if r.sel, err = s.selector(); err != nil {
		return err
	}
	if by, _ := s.word(); by != "by" {
		return fmt.Errorf("%q in place of a label: write expand SELECTOR by LABEL [limit N]", by)
	}
	if r.label, err = s.word(); err != nil {
		return err
	}
	if s.take("limit ") {
		return s.number(&r.limits.Branches)
	}
	return nil
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

// ask puts the request to a tree over the source.
func (r request) ask(ctx context.Context, source tree.Source) (*tree.Node, error) {
	t := tree.New(source, r.limits)
	t.SetClock(func() time.Time { return Now })
	switch r.verb {
	case "scope":
		return t.Scope(ctx, r.scope)
	case "metric":
		return t.Metric(ctx, tree.MetricRequest{Selector: r.sel})
	default:
		return t.Split(ctx, tree.SplitRequest{Selector: r.sel, By: r.label})
	}
}
