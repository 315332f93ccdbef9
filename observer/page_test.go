package observer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy/cardinality"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", file, got.String())
	}
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) *time.Time {
	t := noon.Add(-d)
	return &t
}

// document is one with every case in it.
func document() Document {
	return Document{
		Service: "checkout", At: noon, Health: Down,
		Build: Build{Path: "example.com/checkout", Version: "v1.2.3", GoVersion: "go1.26", Revision: "0123abc", Modified: true},
		Process: Process{
			PID: 42, Program: "checkout", Host: "host", System: "linux/amd64",
			StartedAt: *before(26 * time.Hour), UptimeSeconds: 26 * 3600,
		},
		Runtime: Runtime{
			Goroutines: 12, GoMaxProcs: 2, CPUs: 4, HeapBytes: 3 << 20, NextGCBytes: 4 << 20,
			MemoryBytes: 12 << 20, MemoryLimitBytes: 64 << 20, GCCycles: 7,
		},
		Components: []Report{
			{Name: "cache", Health: Unknown, State: "no answer for 12s; was up before", Since: *before(12 * time.Second),
				CheckedAt: before(time.Minute), UnansweredSince: before(12 * time.Second)},
			{Name: "queue", Health: Unknown, Since: *before(26 * time.Hour)},
			{Name: "store", Health: Down, Since: *before(3 * time.Minute), CheckedAt: before(0),
				LastError: "disk full\x1b[2J\nreally\xff", LastErrorSince: before(3 * time.Minute), LastErrorAt: before(0)},
			{Name: "vault", Health: Up, State: "3\tkeys", Since: *before(25 * time.Hour), CheckedAt: before(0),
				LastError: "sealed", LastErrorSince: before(26 * time.Hour), LastErrorAt: before(25 * time.Hour)},
		},
	}
}

func TestTextTables(t *testing.T) {
	d := document()
	golden(t, "document.txt", func(w io.Writer) error { return writeText(w, "", d) })
	golden(t, "component.txt", func(w io.Writer) error { return writeReport(w, d.Components[3], noon) })
	golden(t, "unanswered.txt", func(w io.Writer) error { return writeReport(w, d.Components[0], noon) })
	golden(t, "empty.txt", func(w io.Writer) error { return writeText(w, "components", Document{}) })
}

func TestCardinalityTables(t *testing.T) {
	now := noon
	series := []*metric.Family{grid("large_total", 3, 120), grid("middle_total", 2, 12), family("small_total", nil, nil)}
	s := &source{yield: func(_ context.Context, yield func(*metric.Family) bool) {
		for _, f := range series {
			yield(f)
		}
	}}
	r := New(Options{Series: s, Now: func() time.Time { return now }})
	write := func(budget, limit int) func(io.Writer) error {
		d, err := r.census.take(t.Context(), budget)
		if err != nil {
			t.Fatal(err)
		}
		return func(w io.Writer) error { return writeCardinality(w, d.limited(limit)) }
	}
	golden(t, "cardinality.txt", write(0, 0))
	golden(t, "budget.txt", write(20, 0))
	now = now.Add(time.Minute)
	series[1] = grid("middle_total", 3, 12)
	golden(t, "growth.txt", write(1000, 1))
	now = now.Add(time.Minute)
	golden(t, "no_growth.txt", write(2, 1))
	now = now.Add(time.Minute)
	series = nil
	golden(t, "no_series.txt", write(0, 1))
}

func TestWordsOfATable(t *testing.T) {
	step := func(label string, n cardinality.Number) cardinality.Step {
		return cardinality.Step{Label: label, Series: n}
	}
	for want, got := range map[string]string{
		"none of its labels is counted": Excess{}.remedy(5),
		"~2000 left without a, then 9 without b, still too many": Excess{Steps: []cardinality.Step{
			step("a", cardinality.Number{Count: 2000, Estimated: true}), step("b", cardinality.Number{Count: 9}),
		}}.remedy(5),
		"12ms":                            Cardinality{Seconds: 0.0124}.took(),
		"never":                           moment(nil, noon),
		"a moment":                        lasting(before(time.Millisecond), noon),
		"3m0s":                            lasting(before(3*time.Minute), noon),
		"2026-01-02T11:00:00Z (1h0m ago)": moment(before(time.Hour), noon),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// hostile is what a component could be called, or say, to get into the page.
const hostile = `<script>alert(1)</script>"' onload=x <img src=x>`

// hostilePages are all pages, with hostile text wherever text can be.
func hostilePages(t *testing.T) map[string]string {
	t.Helper()
	r := New(Options{Service: hostile, Series: families(
		family(hostile, []string{hostile}, []string{"a"}, []string{"b"}), grid("large_total", 9, 9),
	)})
	add(t, r, hostile, func(context.Context) Status {
		return Status{Health: Degraded, State: hostile, Err: errors.New(hostile)}
	})
	add(t, r, "javascript:alert(1)", func(context.Context) Status { return Healthy("") })
	pages := map[string]string{}
	for _, path := range []string{
		"/", "/components", "/runtime", "/cardinality", "/cardinality?budget=1", "/cardinality?budget=x",
		"/%3Cscript%3E", "/" + url.PathEscape(hostile),
	} {
		pages[path] = get(r, path, browser).Body.String()
	}
	return pages
}

func TestPagesEscape(t *testing.T) {
	tag := regexp.MustCompile(`<(script|img)|<[a-z][^>]*\s(on[a-z]+|style)=`)
	values := regexp.MustCompile(`"[^"]*"`)
	for path, body := range hostilePages(t) {
		if found := tag.FindString(values.ReplaceAllString(body, `""`)); found != "" || strings.Contains(body, `="javascript`) {
			t.Errorf("%s has %q:\n%s", path, found, body)
		}
		if !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s does not show it:\n%s", path, body)
		}
	}
}

// A page needs nothing from elsewhere, and every control has a name.
func TestPagesAreSelfContained(t *testing.T) {
	external := regexp.MustCompile(`(?:src|href|action)="(?:https?:|//|/)`)
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	ids := regexp.MustCompile(`\sid="([^"]+)"`)
	refers := regexp.MustCompile(`\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"`)
	for path, body := range hostilePages(t) {
		if found := external.FindString(body); found != "" {
			t.Errorf("%s has %s", path, found)
		}
		sum := sha256.Sum256([]byte(styles.FindStringSubmatch(body)[1]))
		if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(contentSecurity, "'sha256-"+hash+"'") {
			t.Errorf("%s: the style is not the one that is allowed", path)
		}
		for _, want := range []string{`<html lang="en">`, "<title>", "<h1>", "<main>", `name="viewport"`} {
			if strings.Count(body, want) != 1 {
				t.Errorf("%s: %d times %s", path, strings.Count(body, want), want)
			}
		}
		known := map[string]bool{}
		for _, id := range ids.FindAllStringSubmatch(body, -1) {
			if known[id[1]] {
				t.Errorf("%s: id %q twice", path, id[1])
			}
			known[id[1]] = true
		}
		for _, r := range refers.FindAllStringSubmatch(body, -1) {
			if !known[r[1]] {
				t.Errorf("%s refers to %q, which is not there", path, r[1])
			}
		}
	}
	if strings.Contains(contentSecurity, "unsafe") || strings.Contains(contentSecurity, "script-src") {
		t.Errorf("content security policy %s", contentSecurity)
	}
}

func TestPagesHaveTheirHeaders(t *testing.T) {
	got := get(New(Options{}), "/", browser).Header()
	if got.Get("Content-Security-Policy") != contentSecurity || got.Get("Cache-Control") != "no-store" || got.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %v", got)
	}
}

func TestPagesRefresh(t *testing.T) {
	r := New(Options{})
	for query, want := range map[string]string{"": `content="10"`, "?refresh=3": `content="3"`, "?refresh=x": `content="10"`, "?refresh=-1": `content="10"`} {
		if got := get(r, "/"+query, browser).Body.String(); !strings.Contains(got, `<meta http-equiv="refresh" `+want+`>`) {
			t.Errorf("%q: got %.400s", query, got)
		}
	}
	if got := get(r, "/?refresh=0", browser).Body.String(); strings.Contains(got, "http-equiv") || !strings.Contains(got, "Refresh by itself") {
		t.Errorf("got %.400s", got)
	}
}

// Every link of the page about everything leads somewhere.
func TestLinks(t *testing.T) {
	r := New(Options{Service: "checkout", Series: families()})
	add(t, r, "a/b?c d#", func(context.Context) Status { return Healthy("") })
	links := regexp.MustCompile(`href="(\.[^"]*|\?[^"]*)"`)
	for _, page := range []string{"/", "/cardinality", "/build", "/nothing"} {
		body := get(r, page, browser).Body.String()
		found := links.FindAllStringSubmatch(body, -1)
		if len(found) == 0 {
			t.Errorf("%s has no links", page)
		}
		for _, l := range found {
			target := strings.ReplaceAll(l[1], "&amp;", "&")
			if rest, relative := strings.CutPrefix(target, "."); relative {
				target = rest
			} else {
				target = page + target
			}
			if got := get(r, target, "*/*"); got.Code != 200 {
				t.Errorf("%s: %s leads to %d", page, target, got.Code)
			}
		}
	}
}
