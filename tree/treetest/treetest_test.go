package treetest

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
)

func TestParseRefuses(t *testing.T) {
	const load = "load\n  a 1\n"
	for _, tt := range []struct{ script, want string }{
		{"", "no load"},
		{"# nothing\n", "no load"},
		{"  a 1\n", "x.tree:1: \"  a 1\" is indented"},
		{"scope\n", "before any load"},
		{"expect\n", "before any load"},
		{"load\n\nscope\n", "nothing is loaded"},
		{"load\n  a\n", "x.tree:2: series a has no value"},
		{"load\n  a b\n", `value "b" is not understood`},
		{"load\n  a 1x2\n", `value "1x2" is not understood`},
		{"load\n  a 1 2\n", "has 2 values: write one"},
		{"load every 15s\n  a 1 2\n  b 1\n", "x.tree:3: series b has 1 values, the ones before have 2"},
		{"load every soon\n  a 1\n", "no positive duration"},
		{"load quickly\n  a 1\n", `"quickly" is not understood`},
		{"load\n  a{b=\"1\"} 1\n  a{b=\"1\"} 2\n", "is there twice"},
		{"load\n  a{b=\"1\",b=\"2\"} 1\n", `label "b" is there twice`},
		{"load\n  a{b} 1\n", `no value after label "b"`},
		{"load\n  a{b=\"1\" 1\n", "does not go on"},
		{"load\n  a{b=1} 1\n", "quote it"},
		{"load\n  {b=\"1\"} 1\n", "no name of a metric"},
		{"load\n  # FOLD a most\n  a 1\n", `fold "most" is not known`},
		{load + "scope 1 2\n", `x.tree:3: "2" is not understood`},
		{load + "scope depth none\n", `"none" is no positive whole number`},
		{load + "expand a along b\n", `"along" is not understood`},
		{load + "expand a by b c\n", `"c" is not understood`},
		{load + "walk a\n", `statement "walk" is not known`},
		{load + "expect\n", "expect without a question"},
		{load + "scope\nexpect\n  x\nexpect\n  y\n", "a second expect"},
		{load + "scope\nexpects\n", `statement "expects" is not known`},
		{load + "scope\nexpect nothing\n", `"expect nothing" is not understood`},
		{load + "scope\nexpect error x\n  y\n", "follows an error"},
	} {
		_, err := parse("x.tree", tt.script)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.script, err, tt.want)
		}
	}
}

func TestParseValues(t *testing.T) {
	s, err := parse("x.tree", "load every 15s\n  a 0+5x2 _ NaN 1e3-1x1\n  b 1 2 3 4 5 6 7\n")
	if err != nil {
		t.Fatal(err)
	}
	d := s.cases[0].data
	var got []string
	for _, p := range d.Series[0].Points {
		got = append(got, number(float64(p.Instant))+":"+number(p.Value))
	}
	if want := "0:0 1:5 2:10 4:NaN 5:1000 6:999"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !d.At(6).Equal(Now) || !d.At(0).Equal(Now.Add(-90*time.Second)) {
		t.Errorf("from %v to %v", d.At(0), d.At(6))
	}
}

// What is learned is written where it belongs, the rest of the script is left as
// it is, and then holds.
func TestLearn(t *testing.T) {
	const before = `# First.
load
  a_total{x="1"} 1

scope

# Second.
expand a_total by x
expect
  wrong

# Third.
metric none
expect error no such metric
`
	const after = `# First.
load
  a_total{x="1"} 1

scope
expect
  (root)  1 metric  1 series
    a_total  counter~  1 total  1 series

# Second.
expand a_total by x
expect
  by x  1 branch  1 total  1 series
    x="1"  1 total  1 series

# Third.
metric none
expect error no such metric
`
	s := mustParse(t, before)
	if s.text() != before {
		t.Errorf("unchanged it is written as\n%s", s.text())
	}
	source := Snapshot.Open(t, s.cases[0].data)
	if problems := s.hold(t, s.cases[0], source, false); len(problems) != 2 {
		t.Errorf("problems: %q", problems)
	}
	if problems := s.hold(t, s.cases[0], source, true); len(problems) > 0 || s.text() != after {
		t.Errorf("problems %q; written:\n%s", problems, s.text())
	}
	s = mustParse(t, after)
	if problems := s.hold(t, s.cases[0], source, false); len(problems) > 0 {
		t.Errorf("learned, it does not hold: %q", problems)
	}
}

func mustParse(t *testing.T, text string) *script {
	t.Helper()
	s, err := parse("x.tree", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMismatch(t *testing.T) {
	s := mustParse(t, `load
  a_total{x="1"} 1
  a_total{x="2"} 2

expand a_total by x
expect
  by x  2 branches  3 total  2 series
    x="2"  5 total  1 series
    x="1"  1 total  1 series

metric a_total{x="3"}
expect error no such
`)
	problems := s.hold(t, s.cases[0], Snapshot.Open(t, s.cases[0].data), false)
	want := []string{`x.tree:5: expand a_total by x: - was expected, + was answered
    7   by x  2 branches  3 total  2 series
    8 -   x="2"  5 total  1 series
      +   x="2"  2 total  1 series
    9     x="1"  1 total  1 series`, `x.tree:11: metric a_total{x="3"}: got
	expect
	  x="3"  –  0 series
want
	expect error no such`}
	if !slices.Equal(problems, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(want, "\n"))
	}
}

// steady is a source that always was as it is now.
type steady struct{ tree.Source }

func (s steady) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	queries = slices.Clone(queries)
	for i := range queries {
		queries[i].Moment, queries[i].As = tree.Moment{}, ""
	}
	return s.Source.Fold(ctx, queries)
}

func (s steady) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	query := tree.Query{Family: q.Family, Selector: q.Selector, Limit: -1}
	query.Family.Fold = tree.FoldSum
	query.By = strings.Join(q.By, "")
	results, err := s.Fold(ctx, []tree.Query{query})
	if err != nil {
		return nil, err
	}
	groups := results[0].Groups
	if len(q.By) == 0 {
		groups = []tree.Group{results[0].Total}
	}
	if len(groups) > q.Limit {
		return nil, tree.ErrTooMany
	}
	leaves := make([]tree.Leaf, len(groups))
	for i, g := range groups {
		leaves[i].Streams = g.Streams
		if !g.Reading.Value.IsNaN() {
			leaves[i].Value = float64(g.Reading.Value)
		}
	}
	return leaves, nil
}

// forgetful loses a leaf of several, or allows any number.
type forgetful struct {
	steady
	unlimited bool
}

func (f forgetful) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	if f.unlimited {
		q.Limit = manyLeaves
	}
	leaves, err := f.steady.Leaves(ctx, q)
	if len(leaves) > 1 && !f.unlimited {
		leaves = leaves[1:]
	}
	return leaves, err
}

func TestLostLeavesAreFound(t *testing.T) {
	source := steady{Snapshot.Open(t, Random(rand.New(rand.NewPCG(1, 1))))}
	for _, tt := range []struct {
		source tree.Source
		want   string
	}{
		{source, ""},
		{forgetful{source, false}, "leaves add up to"},
		{forgetful{source, true}, "are allowed: error"},
		{broken{source, func(q tree.Query, r *tree.Result) {
			if q.Moment.End.Before(Now.Add(-time.Minute)) && !q.Moment.End.IsZero() && q.By == "" {
				r.Total.Reading.Value++
			}
		}}, "as a branch it was"},
	} {
		faults, err := Faults(t.Context(), tt.source)
		if text := strings.Join(faults, "\n"); err != nil || tt.want == "" && text != "" || !strings.Contains(text, tt.want) {
			t.Errorf("faults %q, error %v, want %q", text, err, tt.want)
		}
	}
}

// broken answers what another source does, and spoils it.
type broken struct {
	tree.Source
	spoil func(tree.Query, *tree.Result)
}

func (b broken) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	results, err := b.Source.Fold(ctx, queries)
	for i := range results {
		b.spoil(queries[i], &results[i])
	}
	return results, err
}

// A rule that can never strike is no rule: each is seen to be broken.
func TestFaultsAreFound(t *testing.T) {
	data := Random(rand.New(rand.NewPCG(1, 1)))
	for _, tt := range []struct {
		name, want string
		spoil      func(tree.Query, *tree.Result)
	}{
		{"nothing", "", func(tree.Query, *tree.Result) {}},
		{"a branch is lost", "the axis promised", func(_ tree.Query, r *tree.Result) {
			if len(r.Groups) > 1 {
				r.Groups = r.Groups[1:]
			}
		}},
		{"the rest is lost", "are left out, and folded into", func(_ tree.Query, r *tree.Result) { r.Other = nil }},
		{"the node is more than its branches", "its branches fold", func(_ tree.Query, r *tree.Result) { r.Total.Reading.Value++ }},
		{"a series is counted twice", "the branches have", func(_ tree.Query, r *tree.Result) { r.Total.Series++ }},
		{"smallest first", "comes before", func(_ tree.Query, r *tree.Result) { slices.Reverse(r.Groups) }},
		{"the limit is ignored", "with limit 2 of", func(q tree.Query, r *tree.Result) {
			if r.Other != nil {
				r.Groups, r.Other, r.Others = append(r.Groups, *r.Other), nil, 0
			}
		}},
		{"the order of labels counts", "as a branch it was", func(q tree.Query, r *tree.Result) {
			if m := q.Selector.Matchers; q.By == "" && len(m) == 2 && m[0].Name > m[1].Name {
				r.Total.Reading.Value *= 2
			}
		}},
		{"nothing is left out", "two parts have", func(q tree.Query, r *tree.Result) {
			if q.Except != nil {
				r.Total.Streams++
			}
		}},
		{"a part is selected wrongly", "two parts add up to", func(q tree.Query, r *tree.Result) {
			if q.Where != nil {
				r.Total.Reading.Value += 3
			}
		}},
		{"more parts are not folded in", "the parts folded together", func(q tree.Query, r *tree.Result) {
			if q.Also != nil {
				r.Total.Reading.Value++
			}
		}},
		{"the rest is not what is left out", "without what is shown", func(q tree.Query, r *tree.Result) {
			if r.Other != nil {
				r.Other.Reading.Value++
			}
		}},
		{"a quantile is not the merged one's", "as a branch it was", func(q tree.Query, r *tree.Result) {
			if q.By == "" && len(r.Total.Reading.Quantiles) > 0 {
				r.Total.Reading.Quantiles[0].Value++
			}
		}},
	} {
		faults, err := Faults(t.Context(), broken{Snapshot.Open(t, data), tt.spoil})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if text := strings.Join(faults, "\n"); tt.want == "" && text != "" || !strings.Contains(text, tt.want) {
			t.Errorf("%s: faults %q, want %q", tt.name, text, tt.want)
		}
	}
}

// A source that agrees with itself and not with the data is found too.
func TestWrongValuesAreFound(t *testing.T) {
	data := Random(rand.New(rand.NewPCG(2, 1)))
	double := Random(rand.New(rand.NewPCG(2, 1)))
	for i := range double.Series {
		double.Series[i].Points[0].Value *= 2
	}
	wrong, err := data.wrongs(t.Context(), Snapshot.Open(t, data))
	if err != nil || len(wrong) > 0 {
		t.Errorf("%q, error %v", wrong, err)
	}
	wrong, err = data.wrongs(t.Context(), Snapshot.Open(t, double))
	if err != nil || len(wrong) == 0 {
		t.Errorf("nothing is wrong with doubled values, error %v", err)
	}
}

func TestSnapshotHoldsNoHistory(t *testing.T) {
	s := mustParse(t, "load every 15s\n  a 1 2\n")
	if Snapshot.Open(t, s.cases[0].data) != nil {
		t.Error("it opened two instants")
	}
}

// FuzzParse: a script is read or refused, and what was read is written back.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.tree")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scripts to start from, error %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("load every 15s on x\n  {\"a b\",c=\"\"} 0+1x3 _ -Inf\nscope \"\" by \"x y\"\nexpect error")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse("x.tree", text)
		if err != nil {
			return
		}
		written := s.text()
		again, err := parse("x.tree", written)
		if err != nil || again.text() != written {
			t.Errorf("%q is written as %q, error %v", text, written, err)
		}
	})
}
