package prom_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// corpusCase is one case of OpenMetrics' own parser tests. See
// testdata/openmetrics/README.md.
type corpusCase struct {
	Case, Metrics string
	ShouldParse   bool
}

func corpus(t *testing.T) []corpusCase {
	t.Helper()
	content, err := os.ReadFile("testdata/openmetrics/parsers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []corpusCase
	valid := 0
	for line := range bytes.Lines(content) {
		var c corpusCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if c.ShouldParse {
			valid++
		}
		all = append(all, c)
	}
	if len(all) != 211 || valid != 44 {
		t.Fatalf("%d cases, %d of them valid; want 211 and 44", len(all), valid)
	}
	return all
}

// corpusReader reads an exposition and returns its samples in their order.
type corpusReader struct {
	name string
	read func(t *testing.T, metrics string) ([]string, error)
}

// corpusReaders are those whose verdicts are compared with the corpus.
// Prometheus' own comes first.
var corpusReaders = []corpusReader{
	{"textparse", samplesOfTextparse},
	{"openmetrics", func(t *testing.T, metrics string) ([]string, error) {
		return samplesOfOurs(t, metrics, prom.FormatOpenMetrics)
	}},
	{"any", func(t *testing.T, metrics string) ([]string, error) {
		return samplesOfOurs(t, metrics, prom.FormatAny)
	}},
}

func samplesOfTextparse(t *testing.T, metrics string) (samples []string, err error) {
	t.Helper()
	parser := textparse.NewOpenMetricsParser([]byte(metrics), nil)
	for range len(metrics) + 1 { // an entry takes at least a byte
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return samples, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var ls labels.Labels
		_, _, value := parser.Series()
		parser.Labels(&ls)
		samples = append(samples, ls.WithoutEmpty().String()+" "+formatted(value))
	}
	t.Fatal("textparse does not come to an end")
	return nil, nil
}

func samplesOfOurs(t *testing.T, metrics string, format prom.Format) ([]string, error) {
	t.Helper()
	sink := sampleTexts{t: t, most: len(metrics)}
	err := prom.ReadExposition(strings.NewReader(metrics), format, &sink)
	return sink.samples, err
}

// sampleTexts is a sink that fails the test if more comes than can be.
type sampleTexts struct {
	t       *testing.T
	most    int
	samples []string
}

func (*sampleTexts) Declare(prom.Declaration) {}

func (s *sampleTexts) Add(sample tree.Sample) {
	if len(s.samples) == s.most {
		s.t.Fatalf("more than %d samples from as many bytes", s.most)
	}
	var extra []string
	for _, l := range sample.Labels {
		extra = append(extra, l.Name, l.Value)
	}
	s.samples = append(s.samples, name(sample.Name, nil, nil, extra...)+" "+formatted(sample.Value))
}

// verdict names what a reader makes of a case.
type verdict struct{ of, reader string }

// knownFails returns the reasons of the verdicts that differ from the corpus.
func knownFails(t *testing.T) map[verdict]string {
	t.Helper()
	file, err := os.Open("testdata/openmetrics/known_fails.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fails := map[verdict]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.SplitN(lines.Text(), " ", 3)
		if len(fields) < 3 || fields[2] == "" {
			t.Fatalf("known fail %q: want a case, its readers and a reason", lines.Text())
		}
		for _, reader := range readersOf(fields[1]) {
			v := verdict{fields[0], reader}
			if fails[v] != "" {
				t.Errorf("known fail %v comes twice", v)
			}
			fails[v] = fields[2]
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return fails
}

func readersOf(list string) []string {
	if list != "all" {
		return strings.Split(list, ",")
	}
	var all []string
	for _, r := range corpusReaders {
		all = append(all, r.name)
	}
	return all
}

// Every reader takes what is valid and refuses what is not, but for known fails,
// and what is valid reads the same by all.
func TestOpenMetricsCorpusVerdicts(t *testing.T) {
	unseen := knownFails(t)
	outcomes, cases, ran := tally{}, corpus(t), 0
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) {
			ran++
			var theirs []string
			for i, r := range corpusReaders {
				samples, err := r.read(t, c.Metrics)
				v := verdict{c.Case, r.name}
				checkVerdict(t, c, v, unseen[v], err)
				outcomes.add(v, unseen[v], err)
				delete(unseen, v)
				if i == 0 {
					theirs = samples
				} else if err == nil && c.ShouldParse && !slices.Equal(samples, theirs) {
					t.Errorf("%s reads %q, textparse %q", r.name, samples, theirs)
				}
			}
		})
	}
	if ran < len(cases) {
		return // only some were asked for
	}
	for v := range unseen {
		t.Errorf("known fail %v is of no case and reader", v)
	}
	for _, what := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%s: %v", what, outcomes[what])
	}
}

// checkVerdict compares the outcome with the corpus: they agree, unless there is
// a reason.
func checkVerdict(t *testing.T, c corpusCase, v verdict, reason string, err error) {
	t.Helper()
	switch differs := (err == nil) != c.ShouldParse; {
	case differs && reason == "":
		t.Errorf("%s: error %v, though shouldParse is %t; if that is to stay so, known_fails.txt needs the reason",
			v.reader, err, c.ShouldParse)
	case !differs && reason != "":
		t.Errorf("%s agrees now: take it out of known_fails.txt, where the reason is: %s", v.reader, reason)
	}
}

// tally counts outcomes by what they are and by the reader.
type tally map[string]map[string]int

func (o tally) add(v verdict, reason string, err error) {
	count := func(what string) {
		if o[what] == nil {
			o[what] = map[string]int{}
		}
		o[what][v.reader]++
	}
	if err == nil {
		count("accepted")
	} else {
		count("refused")
	}
	if errors.Is(err, prom.ErrExpositionEmpty) {
		count("refused for want of a sample, whatever else is wrong")
	}
	if reason != "" {
		count("known fails")
		count("known to fail: " + reason)
	}
}
