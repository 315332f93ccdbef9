package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// A part of several values is asked for a value at a time.
func TestPageIsAskedForOneValueAtATime(t *testing.T) {
	q := tree.Query{
		Selector: tree.Selector{Metric: "c"}.With("z", "0"),
		Where:    metric.Matchers{}.With("a", "1", "2").With("b", "", "3"),
	}
	selectors, err := exactly(q)
	want := `[c{z="0",a="1",b=""} c{z="0",a="1",b="3"} c{z="0",a="2",b=""} c{z="0",a="2",b="3"}]`
	if err != nil || fmt.Sprint(selectors) != want {
		t.Errorf("%v, %v", selectors, err)
	}
	q.Where = q.Where.With("c", "x", "y")
	for i := range mostParts {
		q.Where[2].Values = append(q.Where[2].Values, fmt.Sprint("z", i))
	}
	_, err = exactly(q)
	wantError(t, err, "more than 50 selections", "--query-url")
	for _, q := range []tree.Query{{Except: &tree.Exclusion{}}, {Also: []tree.Part{{}}}, {Moment: tree.Moment{Length: time.Hour}}} {
		_, err := exactly(q)
		wantError(t, err, "a tree page does not answer that", "--query-url")
	}
}

// What increases is added up only where it is read as it is wanted.
func TestPageFoldTakesWhatIsAskedFor(t *testing.T) {
	counter := tree.Family{Kind: tree.KindCounter}
	for _, tc := range []struct {
		family tree.Family
		as, is tree.Meaning
		want   tree.Number
	}{
		{counter, "", tree.MeaningTotal, 5},
		{counter, tree.MeaningRate, tree.MeaningRate, 5},
		{counter, tree.MeaningRate, tree.MeaningTotal, 2},
		{tree.Family{Kind: tree.KindGauge}, tree.MeaningRate, tree.MeaningSum, 5},
		{counter, "", tree.MeaningNone, 2},
	} {
		f := pageFold{q: tree.Query{Family: tc.family, As: tc.as}}
		g := tree.Group{Series: 1, Reading: tree.Reading{Meaning: tree.MeaningRate, Value: 2}}
		n := &tree.Node{Series: 4, Reading: &tree.Reading{Meaning: tc.is, Value: 3}}
		if tc.is == tree.MeaningNone {
			n.Reading.Value = tree.NoData
		}
		f.add(&g, n)
		if g.Reading.Value != tc.want || g.Series != 5 {
			t.Errorf("%s as %q: %v of %d series, want %v", tc.is, tc.as, g.Reading.Value, g.Series, tc.want)
		}
	}
}

// A ratio that nobody declared has no past on a page, and says so at the tree.
func TestPageHasNoPastOfWhatNobodyDeclared(t *testing.T) {
	page := treePages(t).URL + "/tree/"
	code, out, errs := run(t, "ratio", "shop_calls_total{status='error'}", "shop_calls_total", "--sparkline", "--from", page)
	if code != exitOK || !strings.Contains(out, "0.642%") || !strings.Contains(errs, "a tree page does not answer that") {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
	for _, args := range [][]string{{"none", "shop_calls_total"}, {"shop_calls_total{status='error'}", "none"}} {
		code, _, errs := run(t, append(append([]string{"ratio"}, args...), "--from", page)...)
		if code != exitFailure || !strings.Contains(errs, `"none": no such metric`) {
			t.Errorf("%v: exit code %d, %s", args, code, errs)
		}
	}
}

// What one tree asks of a server is bounded, and it is said when the bound is met.
func TestQuestionsAreBounded(t *testing.T) {
	g := &grower{place: &place{}}
	for range mostQuestions {
		if !g.mayAsk() {
			t.Fatalf("no more after %d", g.asked)
		}
	}
	for range 2 {
		if g.mayAsk() {
			t.Error("one more question")
		}
	}
	if len(g.notices) != 1 || !strings.Contains(g.notices[0], "--filter") {
		t.Errorf("after %d questions: %q", g.asked, g.notices)
	}
	at := &grower{place: &place{instant: true}, asked: mostQuestions}
	if !at.mayAsk() {
		t.Error("what is in memory is bounded too")
	}
}
