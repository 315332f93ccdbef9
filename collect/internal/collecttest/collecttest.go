// Package collecttest is what the tests of ready collectors have in common: their
// golden exposition, the table of metrics in their documentation, and that their
// updates do not allocate. Only tests import it.
package collecttest

import (
	"context"
	"flag"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden exposition")

const golden = "testdata/golden.txt"

// Writer writes an exposition. It is handed in, because a collector's package
// knows no exporter.
type Writer func(context.Context, io.Writer, iter.Seq[*metric.Family]) (int64, error)

// Golden compares the exposition of what the registry collects with
// testdata/golden.txt, which -update rewrites, and the metrics with the table of
// the package's documentation. The scope is the prefix of the names, which the
// table leaves out.
func Golden(t *testing.T, r *registry.Registry, write Writer, scope string) {
	t.Helper()
	var b strings.Builder
	if _, err := write(t.Context(), &b, families(t.Context(), r)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
	documented(t, r, scope)
	named(t, r)
}

// named holds names, units and labels to the rules that definitions are checked
// by. Names of providers and models are normalised by their collectors.
func named(t *testing.T, r *registry.Registry) {
	t.Helper()
	linter, err := naming.New(naming.Options{
		Labels:     policy.DefaultLabels(),
		Conditions: func(string, string) policy.Condition { return policy.Normalised },
	})
	if err != nil {
		t.Fatal(err)
	}
	var metrics []naming.Metric
	for f := range families(t.Context(), r) {
		m := naming.Of(f.Descriptor)
		// As in a program, whose scope comes before that of the domain.
		m.Name = "app_" + m.Name
		metrics = append(metrics, m)
	}
	for _, finding := range linter.Lint(metrics) {
		t.Error(finding)
	}
}

// families leaves out what the registry tells about itself.
func families(ctx context.Context, r *registry.Registry) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for f := range r.Collect(ctx) {
			if !strings.HasPrefix(f.Descriptor.Name, "metertree_") && !yield(f) {
				return
			}
		}
	}
}

// documented compares the metrics with the rows "name{keys}  kind  what" of the
// package's comments, where users look names up.
func documented(t *testing.T, r *registry.Registry, scope string) {
	t.Helper()
	rows := tableRows(t)
	for f := range families(t.Context(), r) {
		d := f.Descriptor
		name := strings.TrimPrefix(d.Name, scope+"_")
		keys := slices.Sorted(slices.Values(f.Keys))
		if want := "{" + strings.Join(keys, ",") + "} " + d.Kind.String(); rows[name] != want {
			t.Errorf("%s is %s, documented as %q", name, want, rows[name])
		}
		if d.Help == "" {
			t.Errorf("%s has no help", name)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("%s is documented, but not in the golden exposition", name)
	}
}

func tableRows(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			row, found := strings.CutPrefix(line, "//\t")
			words := strings.Fields(row)
			if !found || len(words) < 3 || words[0] == "name" {
				continue
			}
			name, keys, _ := strings.Cut(strings.TrimSuffix(words[0], "}"), "{")
			sorted := slices.Sorted(strings.SplitSeq(keys, ","))
			rows[name] = "{" + strings.Join(sorted, ",") + "} " + words[1]
		}
	}
	return rows
}

// NoAllocs fails if the updates allocate once their series exist.
func NoAllocs(t *testing.T, updates func()) {
	t.Helper()
	updates()
	if n := testing.AllocsPerRun(200, updates); n != 0 {
		t.Errorf("the updates allocate %v times", n)
	}
}

// Values returns the sums and gauges of the registry by name and labels, and of
// histograms the counts.
func Values(t *testing.T, r *registry.Registry) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for f := range families(t.Context(), r) {
		for p := range f.Points {
			key := f.Descriptor.Name + "{" + p.Labels.String() + "}"
			switch {
			case f.Descriptor.Kind == metric.Histogram:
				values[key] = float64(p.Histogram.Count())
			case f.Descriptor.Number == metric.Int64:
				values[key] = float64(p.Int)
			default:
				values[key] = p.Float
			}
		}
	}
	return values
}
