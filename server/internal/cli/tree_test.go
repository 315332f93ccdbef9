package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

var updateTree = flag.Bool("update-tree", false, "write the expected outputs of the tree command")

// defaultTree is the command as it is with no flags.
func defaultTree(target string) *TreeCmd {
	return &TreeCmd{Target: target, Top: 100, SourceFlags: SourceFlags{InputFlags: InputFlags{Timeout: Duration(10 * time.Second), BodySizeLimit: 64 << 20}}}
}

func runTree(c *TreeCmd, in io.Reader) (string, error) {
	var out bytes.Buffer
	err := c.Validate()
	if err == nil {
		err = c.Run(context.Background(), Streams{In: in, Out: &out, Err: io.Discard})
	}
	return out.String(), err
}

func TestTreeOutput(t *testing.T) {
	cases := []struct {
		name   string
		file   string
		change func(*TreeCmd)
	}{
		{"all", "service.prom", func(*TreeCmd) {}},
		{"openmetrics", "service.om", func(*TreeCmd) {}},
		{"depth", "service.prom", func(c *TreeCmd) { c.Depth = 2 }},
		{"by", "service.prom", func(c *TreeCmd) { c.By, c.Filter = []string{"status", "route"}, "http" }},
		{"filter", "service.prom", func(c *TreeCmd) { c.Filter = "go bytes" }},
		{"json", "service.prom", func(c *TreeCmd) { c.JSON, c.Filter, c.By = true, "http", []string{"status"} }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata/tree", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			c := defaultTree("-")
			tc.change(c)
			got, err := runTree(c, bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			got = withoutMoments(got)
			golden := filepath.Join("testdata/tree", tc.name+".golden")
			if *updateTree {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("output differs from %s; got:\n%s", golden, got)
			}
			for i, line := range strings.Split(got, "\n") {
				if !c.JSON && width(line) > usualWidth {
					t.Errorf("line %d is %d wide: %q", i+1, width(line), line)
				}
			}
		})
	}
}

var moments = regexp.MustCompile(`,?\s*"at": ?\d+`)

// withoutMoments takes the moments of readings out of JSON.
func withoutMoments(text string) string { return moments.ReplaceAllString(text, "") }

func TestTreeJSONIsATree(t *testing.T) {
	c := defaultTree(filepath.Join("testdata/tree", "service.prom"))
	c.JSON = true
	got, err := runTree(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var root tree.Node
	if err := json.Unmarshal([]byte(got), &root); err != nil {
		t.Fatal(err)
	}
	if root.Type != tree.NodeScope || root.Metrics != 14 || len(root.Children) == 0 {
		t.Errorf("root is %q with %d metrics and %d children", root.Type, root.Metrics, len(root.Children))
	}
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTreeFromAddress(t *testing.T) {
	text, err := os.ReadFile("testdata/tree/service.prom")
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadFile("testdata/tree/service.om")
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzipped(t, open)
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "application/openmetrics-text") {
			w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped)
			return
		}
		w.Write(text)
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		w.Write(text)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, metric := range map[string]string{"": "cache_requests_total", "/metrics": "depth", "/text": "goroutines"} {
		got, err := runTree(defaultTree(server.URL+path), nil)
		if err != nil || !strings.Contains(got, metric) {
			t.Errorf("%q: error %v, want %q in:\n%s", path, err, metric, got)
		}
	}
	secret := strings.Replace(server.URL, "http://", "http://me:hunter2@", 1)
	if got, err := runTree(defaultTree(secret), nil); err != nil || strings.Contains(got, "hunter2") {
		t.Errorf("error %v; a password is shown in:\n%s", err, got)
	}
}

// endless never ends.
type endless struct{ line []byte }

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.line) <= len(p) {
		n += copy(p[n:], e.line)
	}
	return n, nil
}

func TestTreeBadStreams(t *testing.T) {
	line := []byte(`x_total{label="value"} 1` + "\n")
	gz := gzipped(t, bytes.Repeat(line, 300_000)) // 7 MiB
	small := func(c *TreeCmd) { c.BodySizeLimit = 4 << 20 }
	cases := []struct {
		name   string
		in     io.Reader
		want   []string
		change func(*TreeCmd)
	}{
		{"empty", strings.NewReader(""), []string{"no samples", "nothing to show"}, nil},
		{"blank", strings.NewReader("\n\n  \n"), []string{"no samples"}, nil},
		{"comments only", strings.NewReader("# HELP x y\n# TYPE x counter\n"), []string{"no samples"}, nil},
		{"binary", bytes.NewReader([]byte("\x7fELF\x02\x01\x01\x00\x00\x00")), []string{"not text", "text exposition"}, nil},
		{"latin-1", bytes.NewReader([]byte("caf\xe9{a=\"b\"} 1 and more text after it to be sure\n")), []string{"not text"}, nil},
		{"html", strings.NewReader("<!doctype html><title>hello</title>"), []string{"HTML page", "/metrics"}, nil},
		{"prose", strings.NewReader("up 1\nthis is prose, not metrics\n"), []string{"line 2", "not a metrics exposition"}, nil},
		{"json", strings.NewReader(`{"status":"success"}`), []string{"line 1", "not a metrics exposition"}, nil},
		{"cut gzip", bytes.NewReader(gz[:len(gz)/2]), []string{"unexpected EOF", "in full"}, nil},
		{"not gzip after all", strings.NewReader("\x1f\x8bnonsense"), []string{"gzip"}, nil},
		{"endless", endless{line}, []string{"larger than 4MiB", "--body-size-limit"}, small},
		{"gzip bomb", bytes.NewReader(gz), []string{"larger than 4MiB", "--body-size-limit"}, small},
		{"one endless line", endless{[]byte("abcdefgh")}, []string{"longer than 16 MiB"}, func(c *TreeCmd) { c.BodySizeLimit = 0 }},
		{"nothing matches", strings.NewReader("up 1\n"), []string{`"nope"`, "--filter"}, func(c *TreeCmd) { c.Filter = "nope" }},
		{"depth", strings.NewReader("up 1\n"), []string{"--depth=-1"}, func(c *TreeCmd) { c.Depth = -1 }},
		{"same label twice", strings.NewReader("up 1\n"), []string{`--by="a"`}, func(c *TreeCmd) { c.By = []string{"a", "a"} }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := defaultTree("-")
			if tc.change != nil {
				tc.change(c)
			}
			_, err := runTree(c, tc.in)
			wantError(t, err, tc.want...)
		})
	}
}

// wantError wants one line with all the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has more than one line: %q", err)
	}
}

func TestTreeBadFiles(t *testing.T) {
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge.txt")
	f, err := os.Create(huge)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(200<<20), f.Close()); err != nil { // sparse: takes no room
		t.Fatal(err)
	}
	_, err = runTree(defaultTree(huge), nil)
	wantError(t, err, huge, "larger than 64MiB", "--body-size-limit")
	_, err = runTree(defaultTree(filepath.Join(dir, "none")), nil)
	wantError(t, err, "no such file", "http://")
	_, err = runTree(defaultTree(dir), nil)
	wantError(t, err, "a directory")
}

func TestTreeLargeInputWithinTheLimit(t *testing.T) {
	var b bytes.Buffer
	const series = 60_000
	fmt.Fprintln(&b, "# TYPE requests_total counter")
	for i := range series {
		fmt.Fprintf(&b, "requests_total{route=\"/r%d\",filler=\"%040d\"} %d\n", i%50, i, 1)
	}
	if b.Len() < 3<<20 {
		t.Fatalf("%d bytes do not make several chunks", b.Len())
	}
	c := defaultTree("-")
	c.JSON, c.By = true, []string{"route"}
	got, err := runTree(c, &b)
	if err != nil {
		t.Fatal(err)
	}
	var root tree.Node
	if err := json.Unmarshal([]byte(got), &root); err != nil {
		t.Fatal(err)
	}
	n := root.Children[0]
	if n.Series != series || n.Reading.Value != series || len(n.Children) != 50 || n.Children[0].Reading.Value != series/50 {
		t.Errorf("%d series, value %v, %d branches", n.Series, n.Reading.Value, len(n.Children))
	}
}

func TestTreeBadAddresses(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "hello")
	})
	mux.HandleFunc("/secret", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0")
		fmt.Fprint(w, "# TYPE x counter\nx_total 1\n")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "up 1\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	closed := "http://" + realserver.FreeAddress(t) + "/metrics"
	cases := []struct {
		name, target string
		want         []string
	}{
		{"refused", closed, []string{closed, "connection refused", "start the exporter"}},
		{"not found", server.URL + "/none", []string{"404", "/metrics"}},
		{"html", server.URL + "/html", []string{"HTML page"}},
		{"unauthorised", server.URL + "/secret", []string{"401", "user:password"}},
		{"failing", server.URL + "/broken", []string{"502", "log"}},
		{"cut off", server.URL + "/cut", []string{"# EOF", "in full"}},
		{"slow", server.URL + "/slow", []string{"within 300ms", "--timeout"}},
		{"no host", "http://", []string{"not an address"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := defaultTree(tc.target)
			if tc.name == "slow" {
				c.Timeout = Duration(300 * time.Millisecond)
			}
			_, err := runTree(c, nil)
			wantError(t, err, tc.want...)
		})
	}
}

func TestTreeDoesNotPassOnControlCharacters(t *testing.T) {
	c := defaultTree("-")
	c.By = []string{"v"}
	got, err := runTree(c, strings.NewReader("x{v=\"\x1b[31mred\"} 1\nx{v=\"b\"} 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got, "\x1b") || !strings.Contains(got, "red") {
		t.Errorf("printed %q", got)
	}
}

// A narrow terminal gets narrow lines, that still tell names and values.
func TestTreeNarrow(t *testing.T) {
	f, err := os.Open("testdata/tree/service.prom")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	snapshot, err := prom.ParseExposition(f, prom.FormatAny)
	if err != nil {
		t.Fatal(err)
	}
	root, err := defaultTree("").grow(t.Context(), newPlace(snapshot, "", wholeTree), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, total := range []int{leastWidth, 57, mostWidth} {
		text := format{width: total}.tree("service.prom", root)
		for line := range strings.Lines(text) {
			if width(strings.TrimSuffix(line, "\n")) > total {
				t.Errorf("wider than %d: %q", total, line)
			}
		}
		if !strings.Contains(text, "value") || !strings.Contains(text, "GiB") {
			t.Errorf("in %d columns:\n%s", total, text)
		}
	}
}

// A sample costs memory however short its line is, so lines count for more than
// their bytes.
func TestTreeManyShortLines(t *testing.T) {
	c := defaultTree("-")
	c.BodySizeLimit = 64 << 10
	for lines, fits := range map[int]bool{1 << 10: true, 1<<10 + 1: false} {
		_, err := runTree(c, iotest.HalfReader(strings.NewReader(strings.Repeat("up 1\n", lines))))
		if fits && err != nil {
			t.Errorf("%d lines: %v", lines, err)
		}
		if !fits {
			wantError(t, err, "larger than 64KiB", "a line counting 64 bytes", "--body-size-limit")
		}
	}
}

// failing cannot be written to.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestTreeOutputFails(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		c := defaultTree("testdata/tree/service.prom")
		c.JSON = asJSON
		err := c.Run(context.Background(), Streams{Out: failing{}, Err: io.Discard})
		wantError(t, err, "output", "no space left on device")
	}
}
