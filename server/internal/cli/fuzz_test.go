package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/metertree/metertree/server/internal/doctor"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/web"
)

// FuzzFlags holds that a size or a duration that is taken is not negative and is
// shown as one that reads the same, and that an error names what was given.
func FuzzFlags(f *testing.F) {
	for _, s := range []string{"0B", "512KB", "1.5GB", "1h30m", "7d", "-1MB", "8EB", "99999999999999999999TB", "1e9B", "NaNB", "300y", "1KiB", "5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var size, sizeAgain ByteSize
		if err := size.UnmarshalText([]byte(text)); err != nil {
			namesValue(t, err, text)
		} else if err := sizeAgain.UnmarshalText([]byte(size.String())); err != nil || size < 0 || sizeAgain != size {
			t.Fatalf("%q is %d, which is shown as %s and read as %d: %v", text, size, size, sizeAgain, err)
		}
		var d, again Duration
		if err := d.UnmarshalText([]byte(text)); err != nil {
			namesValue(t, err, text)
		} else if err := again.UnmarshalText([]byte(d.String())); err != nil || d < 0 || again != d {
			t.Fatalf("%q is %d, which is shown as %s and read as %d: %v", text, d, d, again, err)
		}
	})
}

func namesValue(t *testing.T, err error, text string) {
	t.Helper()
	if !strings.Contains(err.Error(), strconv.Quote(text)) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%q: %v", text, err)
	}
}

// FuzzSizes holds that a number of bytes is the one that is written.
func FuzzSizes(f *testing.F) {
	f.Add(uint16(512), uint8(1))
	f.Add(uint16(65535), uint8(6))
	f.Fuzz(func(t *testing.T, n uint16, unit uint8) {
		unit %= 7
		text := strconv.Itoa(int(n)) + []string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}[unit]
		var size ByteSize
		err := size.UnmarshalText([]byte(text))
		if fits := uint64(n) < 1<<(63-10*unit); fits != (err == nil) || fits && size != ByteSize(n)<<(10*unit) {
			t.Fatalf("%s is read as %d, %v", text, size, err)
		}
	})
}

// answering is a transport with one answer to all questions.
type answering struct {
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Request: r, Body: io.NopCloser(bytes.NewReader(a.body)), Header: http.Header{}}, nil
}

// FuzzPage has a tree page answer anything. What is shown of it has no characters
// that move a terminal's cursor, and its errors are one line.
func FuzzPage(f *testing.F) {
	b := tree.NewSnapshotBuilder()
	b.Add(tree.Sample{Name: "shop_orders_total", Labels: []tree.Label{{Name: "country", Value: "de\x1b[2J"}}, Value: 5})
	b.Add(tree.Sample{Name: "up", Value: 1})
	page := web.Handler(b.Build(), web.Options{})
	for i, target := range []string{"", "/metric?metric=up", "/split?metric=shop_orders_total&by=country", "/signals", "/explain?metric=up"} {
		w := &held{header: http.Header{}}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/api/v1/tree"+target, nil)
		if err != nil {
			f.Fatal(err)
		}
		page.ServeHTTP(w, r)
		f.Add(uint8(i), 200, w.body.Bytes())
	}
	f.Add(uint8(0), 200, []byte(`{"type":"scope","metrics":1,"children":[null]}`))
	f.Add(uint8(1), 200, []byte(`{"type":"metric","metrics":1,"children":[{"type":"axis","label":"country"},null]}`))
	f.Add(uint8(2), 200, []byte(`{"type":"scope","metrics":1,"children":[{"type":"scope","children":[null,{"type":"metric","path":"up","ratio":{}}]}]}`))
	f.Add(uint8(3), 200, []byte(`{"type":"scope","metrics":1,"children":[{"type":"metric","path":"up"}],"times":[1,2],"total":[1]}`))
	f.Add(uint8(2), 200, []byte(`{"type":"axis","children":[{"type":"other"},{"type":"value"}]}`))
	f.Add(uint8(3), 200, []byte(`{"traffic":{},"errors":null,"latency":[]}`))
	f.Add(uint8(1), 400, []byte(`{"error":"no \u001b[31m such\nmetric"}`))
	f.Add(uint8(4), 502, []byte(`<html>`))
	base := &url.URL{Scheme: "http", Host: "host", Path: "/tree/"}
	f.Fuzz(func(t *testing.T, command uint8, status int, body []byte) {
		if status < 100 || status > 999 || status/100 == 3 {
			return // no answer, or one that asks again
		}
		client := newPageClient(base, treeInput{target: base.String(), timeout: time.Minute, limit: 1 << 20})
		client.http.Transport = answering{status, body}
		at := &place{viewer: client, name: client.name, short: true, close: client.close}
		var out bytes.Buffer
		if err := pageCommands[int(command)%len(pageCommands)](t.Context(), at, &out); err != nil {
			clean(t, strings.TrimSuffix(err.Error(), "\n"))
			return
		}
		for line := range strings.Lines(out.String()) {
			clean(t, strings.TrimSuffix(line, "\n"))
		}
	})
}

// held is an answer that is not sent.
type held struct {
	header http.Header
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(int)             {}
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }

// clean checks that a line is shown as it is, wherever it is shown.
func clean(t *testing.T, line string) {
	t.Helper()
	if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(line) {
		t.Fatalf("%q is shown", line)
	}
}

// FuzzReport prints whatever the doctor found.
func FuzzReport(f *testing.F) {
	f.Add("target a\x1b[2J is down", "start it", "v1")
	f.Add("é", "", "\n")
	f.Add("\xff", strings.Repeat("long ", 100), "\u202e")
	f.Fuzz(func(t *testing.T, message, remedy, version string) {
		var out bytes.Buffer
		err := printReport(&out, doctor.Report{Server: "http://host", Version: version, Examined: []string{"ready"},
			Findings: []doctor.Finding{{Severity: doctor.Error, Check: "ready", Message: message, Remedy: remedy}}})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			clean(t, strings.TrimSuffix(line, "\n"))
		}
		if broken := strings.Contains(printable(message+" "+remedy+" "+version), "\uFFFD"); !broken && strings.Contains(out.String(), "\uFFFD") {
			t.Fatalf("%q and %q are shown as %q", message, remedy, &out)
		}
	})
}

// FuzzWaivers reads any file of waivers. Those that it holds are complete, and an
// error is one line that names the file.
func FuzzWaivers(f *testing.F) {
	f.Add([]byte("waivers:\n- rule: total\n  metric: a_*\n  reason: old\n"))
	f.Add([]byte("waivers: [{rule: x, metric: '', reason: ''}, 3]\n"))
	f.Add([]byte("waivers:\n- &a {rule: total, metric: b, reason: c}\n- *a\n"))
	f.Add([]byte("---\n---\n"))
	file := filepath.Join(f.TempDir(), "waivers.yml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := readWaivers(file)
		if err != nil && (!strings.HasPrefix(err.Error(), file) || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("%q: %v", content, err)
		}
		for _, w := range list {
			if w.Rule == "" || w.Metric == "" || w.Reason == "" {
				t.Fatalf("%q: %+v", content, w)
			}
		}
	})
}

// pageCommands are those that a tree page can be given to.
var pageCommands = []func(ctx context.Context, p *place, out io.Writer) error{
	growing((&TreeCmd{Top: 10}).grow),
	growing((&TreeCmd{Top: 10, Metric: "up", By: []string{"country"}, Baseline: Duration(time.Hour)}).grow),
	growing((&RatioCmd{Top: 10, By: []string{"country"}}).grow),
	growing((&TreeCmd{Top: 10, Sparkline: true, Window: Duration(time.Hour)}).grow),
	func(ctx context.Context, p *place, out io.Writer) error {
		c := &ExplainCmd{Metric: "up", Branches: 3}
		selector, err := c.selector()
		if err != nil {
			return err
		}
		found, err := c.explain(ctx, p, selector)
		if err != nil {
			return c.remedied(p, err)
		}
		return c.print(Streams{Out: out, Err: out}, p, explanation{Explained: found})
	},
	growing((&RatioCmd{Top: 10, Name: `a{x="1"}`, Denominator: "b"}).grow),
}

// growing prints a tree.
func growing(grow growFunc) func(ctx context.Context, p *place, out io.Writer) error {
	return func(ctx context.Context, p *place, out io.Writer) error {
		root, err := grow(ctx, p, nil)
		if err != nil {
			return p.remedied(err)
		}
		complain(out, p.name, root.Notices)
		return printTree(out, p.name, root)
	}
}
