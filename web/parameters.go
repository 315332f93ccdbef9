package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// requestError is a request that cannot be right, whatever the source holds.
type requestError string

func (e requestError) Error() string { return string(e) }

const (
	maxDepth    = 64
	maxMatchers = 32
	maxNames    = 100
)

// parameters read a query, and remember the first that is wrong.
type parameters struct {
	query url.Values
	err   error
}

func (p *parameters) bad(format string, args ...any) {
	if p.err == nil {
		p.err = requestError(fmt.Sprintf(format, args...))
	}
}

func (p *parameters) text(name string) string { return p.query.Get(name) }

// number reads a positive whole number up to a bound; absent is the fallback.
func (p *parameters) number(name string, fallback, most int) int {
	s := p.text(name)
	if s == "" {
		return fallback
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		p.bad("%s %q: use a number from 1 to %d", name, s, most)
		return fallback
	}
	return n
}

// duration reads a length of time as Prometheus and Go write it, days included.
func (p *parameters) duration(name string, fallback time.Duration) time.Duration {
	s := p.text(name)
	if s == "" {
		return fallback
	}
	d, err := parseDuration(s)
	if err != nil || d < 0 {
		p.bad("%s %q: use a duration such as 15m, 6h or 1d", name, s)
		return fallback
	}
	return d
}

// parseDuration reads days and weeks too, which Go does not: 1d, 2w, 1d12h.
func parseDuration(s string) (time.Duration, error) {
	var whole time.Duration
	for _, unit := range []struct {
		suffix string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		before, after, found := strings.Cut(s, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(before, 10, 12) // what fits many times over
		whole += time.Duration(n) * unit.length
		if s = after; err != nil || s == "" {
			return whole, err
		}
	}
	rest, err := time.ParseDuration(s)
	return whole + rest, err
}

func (p *parameters) quantile() float64 {
	s := p.text("quantile")
	if s == "" {
		return 0
	}
	q, err := strconv.ParseFloat(s, 64)
	if err != nil {
		p.bad("quantile %q: use a number between 0 and 1", s)
	}
	return q
}

func (p *parameters) rank() tree.Rank {
	switch s := p.text("rank"); s {
	case "", "declared":
		return tree.RankByDeclaration
	case "value":
		return tree.RankByValue
	case "change":
		return tree.RankByChange
	default:
		p.bad("rank %q: use declared, value or change", s)
		return tree.RankByDeclaration
	}
}

func (p *parameters) mode() metric.RatioMode {
	switch s := p.text("mode"); s {
	case "", metric.WithinGroup.String():
		return metric.WithinGroup
	case metric.ShareOfParent.String():
		return metric.ShareOfParent
	default:
		p.bad("mode %q: use %s or %s", s, metric.WithinGroup, metric.ShareOfParent)
		return metric.WithinGroup
	}
}

func (p *parameters) reads() tree.Reads {
	switch s := p.text("values"); s {
	case "":
		return tree.ReadValues
	case "none":
		return tree.LeaveValues
	default:
		p.bad("values %q: use none, or leave it out", s)
		return tree.LeaveValues
	}
}

// at is the moment asked for, zero for now.
func (p *parameters) at() time.Time {
	s := p.text("at")
	if s == "" || s == "0" {
		return time.Time{}
	}
	millis, err := strconv.ParseInt(s, 10, 64)
	if err != nil || millis < 0 {
		p.bad("at %q: use milliseconds of the Unix clock", s)
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

// names are those of metrics and ratios.
func (p *parameters) names() []string {
	names := p.query["metric"]
	if len(names) > maxNames {
		p.bad("%d metrics: ask for at most %d at once", len(names), maxNames)
	}
	return names
}

// labels are those to explain by.
func (p *parameters) labels() []string { return p.query["by"] }

// by is the label to expand along.
func (p *parameters) by() string {
	by := p.text("by")
	if by == "" {
		p.bad("no label to expand along: give by=LABEL")
	}
	return by
}

// selector reads metric and the pairs of label and value.
func (p *parameters) selector() tree.Selector {
	sel := tree.Selector{Metric: p.text("metric")}
	labels, values := p.query["label"], p.query["value"]
	switch {
	case sel.Metric == "":
		p.bad("no metric: give metric=NAME")
	case len(labels) != len(values):
		p.bad("%d labels and %d values: give each label one value", len(labels), len(values))
	case len(labels) > maxMatchers:
		p.bad("%d labels: at most %d can be fixed", len(labels), maxMatchers)
	}
	if p.err != nil {
		return sel
	}
	for i, l := range labels {
		if l == "" {
			p.bad("label %d has no name: give label=NAME", i+1)
		}
		if sel.Has(l) {
			p.bad("label %q is given twice: give each label once", l)
		}
		sel.Matchers = append(sel.Matchers, tree.Matcher{Name: l, Value: values[i]})
	}
	return sel
}
