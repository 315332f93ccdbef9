package servers

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/benchmarks/servers/load"
	"github.com/metertree/metertree/benchmarks/work"
)

// Section is one table.
type Section struct {
	Title string
	// Meaning says what its rows are.
	Meaning string
	Rows    []work.Row
	// Judged are the rows of which is said who is best.
	Judged []work.Row
	// Reasons say why metertree is behind a rival, by the rival's name; shown
	// where it is.
	Reasons map[string]string
}

// Sections are the document's, in order.
func Sections(p Plan) []Section {
	return []Section{
		scrapeSection(p.Scrape), fasterSection(p.Scrape), otlpSection(p.OTLP), writeSection(p.Write),
		querySection(p), slowestSection(), treeSection(p), startSection(p),
	}
}

func scrapeSection(p ScrapePlan) Section {
	population := p.population()
	return Section{
		Title: "Scraping, sustained",
		Meaning: fmt.Sprintf("%d targets of %s series each are scraped every %v, in the text format, uncompressed. "+
			"All servers store the same, so CPU time and memory are what tells them apart.",
			p.Targets, work.Grouped(population.PerInstance()), p.Interval),
		Rows:    []work.Row{ScrapeRate, ScrapeCPU, ScrapeMemory, ScrapePeak},
		Judged:  []work.Row{ScrapeCPU, ScrapeMemory},
		Reasons: map[string]string{VictoriaMetrics: scrapeReason, Prometheus: sameStorageReason, OldPrometheus: olderReason},
	}
}

func fasterSection(p ScrapePlan) Section {
	s := Section{
		Title: "Scraping, faster",
		Meaning: "The same targets are scraped at shorter intervals, which at some point is more than one core can do: " +
			"what is stored then is what the server manages, and scrapes are late or missed.",
		Reasons: map[string]string{VictoriaMetrics: scrapeReason, Prometheus: sameStorageReason, OldPrometheus: olderReason},
	}
	for _, interval := range p.Faster {
		demanded := p.demanded(interval)
		s.Rows = append(s.Rows, FasterRate(demanded), FasterCores(demanded))
		s.Judged = []work.Row{FasterRate(demanded)}
	}
	return s
}

func otlpSection(p OTLPPlan) Section {
	points := p.Sums + p.Histograms
	return Section{
		Title: "OTLP",
		Meaning: fmt.Sprintf("%d senders push %d requests each over HTTP in protobuf, every one as soon as the last is answered. "+
			"A request has %s points: %s cumulative sums, and %s histograms, of each of which %d samples are stored. "+
			"A server without figures has no OTLP receiver in this version.",
			p.Senders, p.Ticks, work.Grouped(points), work.Grouped(p.Sums), work.Grouped(p.Histograms), load.SamplesPerHistogram),
		Rows:    []work.Row{OTLPRate, OTLPSamples, OTLPCPU, OTLPMemory, OTLPPeak},
		Judged:  []work.Row{OTLPRate, OTLPCPU},
		Reasons: map[string]string{Prometheus: otlpReason},
	}
}

func writeSection(p WritePlan) Section {
	population := p.population()
	return Section{
		Title: "Remote write",
		Meaning: fmt.Sprintf("%d senders push %s series over %s, one sample every %s, by remote write 1.0: %s samples in requests of %s, "+
			"every one as soon as the last is answered.",
			p.Senders, work.Grouped(population.Series()), short(p.Step*time.Duration(p.Ticks)), short(p.Step),
			work.Grouped(population.Series()*p.Ticks), work.Grouped(population.Series()/p.Senders)),
		Rows:    []work.Row{WriteRate, WriteCPU, WriteMemory, WritePeak, WriteDisk},
		Judged:  []work.Row{WriteRate, WriteCPU, WriteMemory, WriteDisk},
		Reasons: map[string]string{VictoriaMetrics: writeReason, Prometheus: writeSameReason, OldPrometheus: olderReason},
	}
}

func querySection(p Plan) Section {
	s := Section{
		Title: "Queries: milliseconds",
		Meaning: fmt.Sprintf("Asked of what remote write has stored, %d times each, one after the other, until the whole answer is there. "+
			"The answers of metertree and of both versions of Prometheus are equal to %v; VictoriaMetrics computes rates and quantiles "+
			"its own way, and must have as many series. It is told to answer from no cache of results, which the others do not have.",
			p.QueryTimes, tolerance),
		Reasons: map[string]string{
			VictoriaMetrics: queryReason, Prometheus: querySameReason, OldPrometheus: querySameReason,
		},
	}
	for _, q := range Queries() {
		s.Rows = append(s.Rows, q.Median())
	}
	s.Judged = s.Rows
	return s
}

func slowestSection() Section {
	s := Section{
		Title:   "Queries: milliseconds, 99th percentile",
		Meaning: "Of the same queries, by nearest rank.",
	}
	for _, q := range Queries() {
		s.Rows = append(s.Rows, q.Slowest())
	}
	return s
}

func treeSection(p Plan) Section {
	s := Section{
		Title:   "Tree: milliseconds",
		Meaning: fmt.Sprintf("What the page asks, of the same storage, %d times each. Nothing else here has a tree.", p.QueryTimes),
	}
	for _, q := range TreeQuestions() {
		s.Rows = append(s.Rows, q.Median(), q.Slowest())
	}
	return s
}

func startSection(p Plan) Section {
	return Section{
		Title: "Size and start",
		Meaning: fmt.Sprintf("A cold start is from the start of the process to the first answer that it is ready, asked for every millisecond; %d of each. "+
			"Idle memory is read %v later. metertree and the Prometheus of its version are built alike: static, without symbols and paths; "+
			"Prometheus's is built without its service discoveries, as tests build it; Debian's programs are linked dynamically.", p.Starts, p.Idle),
		Rows:   []work.Row{BinarySize, StartEmpty, StartFull, IdleEmpty, IdleFull},
		Judged: []work.Row{BinarySize, StartEmpty, StartFull, IdleEmpty},
		Reasons: map[string]string{
			VictoriaMetrics: startReason, Prometheus: startSameReason, OldPrometheus: startOldReason,
		},
	}
}
