package doctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/webconfig/certtest"
)

// shop are the expositions that docs/cli.md shows, before and after.
const shop = "../cli/testdata/source/"

// has are files that a reader has already; each must be named by some page.
var has = map[string]func(t *testing.T) string{
	"before.prom":    content(shop + "before.prom"),
	"after.prom":     content(shop + "after.prom"),
	"old.txt":        content(shop + "before.prom"),
	"new.txt":        content(shop + "after.prom"),
	"after.txt":      content(shop + "after.prom"),
	"metrics.txt":    content(shop + "after.prom"),
	"import":         text("#!/bin/sh\necho 42\n"),
	"prometheus.yml": text("global: {scrape_interval: 1s, scrape_timeout: 1s}\n"),
	"tokens":         text("0123456789abcdef0123456789abcdef\n"),
}

// besideFiles belong to the servers that are there already.
var besideFiles = map[string]func(t *testing.T) string{
	".beside/prometheus.yml": text(scraped),
	".beside/history":        history,
}

// backfill gives the Prometheus beside what the shop did yesterday and just now.
const backfill = "promtool tsdb create-blocks-from openmetrics .beside/history .beside/prometheus"

func content(path string) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		bytes, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes)
	}
}

func text(s string) func(t *testing.T) string { return func(*testing.T) string { return s } }

// furnish puts the files into a sandbox.
func (s *sandbox) furnish(t *testing.T) {
	t.Helper()
	for name, text := range has {
		s.write(t, name, text(t))
	}
	for name, text := range besideFiles {
		s.write(t, name, s.rewritten(text(t)))
	}
	authority := certtest.New(t)
	collector := authority.Issue(t, "collector", time.Now().Add(time.Hour))
	s.write(t, "clients.pem", string(authority.PEM()))
	s.write(t, "collector.pem", string(collector.Certificate))
	s.write(t, "collector.key", string(collector.Key))
}

var sample = regexp.MustCompile(`(?m)^([a-z_]+)(\{.*\})? (\S+)$`)

// history spells the shop's metrics in the half hour up to now, and in that a day
// before, as OpenMetrics: totals grow from nothing to what they are.
func history(t *testing.T) string {
	t.Helper()
	const span, step = 30 * time.Minute, 15 * time.Second
	var b strings.Builder
	now := time.Now()
	type part struct {
		file string
		end  time.Time
	}
	lines := map[string]*strings.Builder{}
	var order []string
	for _, p := range []part{{"before.prom", now.Add(-24 * time.Hour)}, {"after.prom", now}} {
		for _, m := range sample.FindAllStringSubmatch(content(shop+p.file)(t), -1) {
			value, err := strconv.ParseFloat(m[3], 64)
			if err != nil {
				t.Fatal(err)
			}
			series := m[1] + m[2]
			if lines[series] == nil {
				lines[series], order = new(strings.Builder), append(order, series)
			}
			grows := regexp.MustCompile(`_(total|bucket|sum|count)$`).MatchString(m[1])
			for at := time.Duration(0); at <= span; at += step {
				v := value
				if grows {
					v *= float64(at) / float64(span)
				}
				fmt.Fprintf(lines[series], "%s %g %d\n", series, v, p.end.Add(at-span).Unix())
			}
		}
	}
	for _, series := range order {
		b.WriteString(lines[series].String())
	}
	return b.String() + "# EOF\n"
}

// Each file that a reader has is named by some page.
func TestFilesAreNeeded(t *testing.T) {
	var all strings.Builder
	for _, p := range pages(t) {
		for _, s := range p.steps {
			all.WriteString(s.text + "\n")
		}
	}
	for name := range has {
		if !strings.Contains(all.String(), filepath.Base(name)) {
			t.Errorf("no page names %s: take it off the list", name)
		}
	}
}
