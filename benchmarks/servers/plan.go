package servers

import (
	"time"

	"github.com/metertree/metertree/benchmarks/servers/load"
)

// Plan says how much is measured, and how often.
type Plan struct {
	// Rounds is how often scrapes and pushes are measured.
	Rounds int

	// Scrape is the population that is scraped.
	Scrape ScrapePlan
	// Write is what comes by remote write, and what queries are about.
	Write WritePlan
	// OTLP is what comes by OTLP.
	OTLP OTLPPlan

	// QueryTimes is how often each query is asked, after QueryWarmUp times.
	QueryTimes, QueryWarmUp int
	// Starts is how often a server is started for its cold start.
	Starts int
	// Idle is how long a server that was started has nothing to do before its
	// memory is read.
	Idle time.Duration
}

// ScrapePlan is about scrapes.
type ScrapePlan struct {
	Targets, Paths int
	// Interval is how often every target is scraped, Settle how long that goes on
	// before it is measured for Lasting.
	Interval, Settle, Lasting time.Duration
	// Faster are shorter intervals of the last round, each measured for
	// FasterLasting after FasterSettle.
	Faster                      []time.Duration
	FasterSettle, FasterLasting time.Duration
}

func (p ScrapePlan) population() load.Population { return load.NewPopulation(p.Targets, p.Paths) }

// demanded is how many samples an interval asks for, a second.
func (p ScrapePlan) demanded(interval time.Duration) float64 {
	return float64(p.population().Series()) / interval.Seconds()
}

// WritePlan is about remote write.
type WritePlan struct {
	Instances, Paths, Senders, Ticks int
	// Step is the time between two samples of a series.
	Step time.Duration
}

func (p WritePlan) population() load.Population { return load.NewPopulation(p.Instances, p.Paths) }

// OTLPPlan is about OTLP.
type OTLPPlan struct {
	// Sums and Histograms are the points of one request.
	Senders, Ticks, Sums, Histograms int
	Step                             time.Duration
}

// FullPlan is what docs/benchmarks-server.md is written from.
func FullPlan() Plan {
	return Plan{
		Rounds: 2,
		Scrape: ScrapePlan{
			Targets: 100, Paths: 50, Interval: time.Second, Settle: 4 * time.Second, Lasting: 5 * time.Second,
			Faster:       []time.Duration{500 * time.Millisecond, 250 * time.Millisecond, 160 * time.Millisecond},
			FasterSettle: time.Second, FasterLasting: 4 * time.Second,
		},
		Write:      WritePlan{Instances: 50, Paths: 20, Senders: 4, Ticks: 200, Step: time.Minute},
		OTLP:       OTLPPlan{Senders: 4, Ticks: 50, Sums: 4500, Histograms: 500, Step: 15 * time.Second},
		QueryTimes: 25, QueryWarmUp: 2,
		Starts: 5, Idle: 2 * time.Second,
	}
}

// QuickPlan goes through everything in little more than a minute.
func QuickPlan() Plan {
	p := FullPlan()
	p.Rounds = 1
	p.Scrape.Targets, p.Scrape.Settle, p.Scrape.Lasting = 20, 2*time.Second, 3*time.Second
	p.Scrape.Faster, p.Scrape.FasterSettle, p.Scrape.FasterLasting = p.Scrape.Faster[:1], time.Second, 2*time.Second
	p.Write.Instances, p.OTLP.Ticks, p.QueryTimes, p.Starts, p.Idle = 8, 10, 5, 2, time.Second
	return p
}
