package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/metertree/metertree/benchmarks/report"
)

// plan says how often is measured, how long, and on how many series.
type plan struct {
	// rows chooses what is measured; nil is everything.
	rows *regexp.Regexp

	updateRounds  int
	updateLasting time.Duration

	coldRounds int
	coldSeries int

	expositionRounds int
	expositionSeries int
	expositionTimes  int
	// growthSeries are sizes of populations, the smallest first.
	growthSeries []int

	reductionRounds int
	reductionSeries int
	reductionTimes  int

	pushRounds int
	pushSeries int
	pushTimes  int

	scrapeRounds int
	scrapeSeries int
	scrapeTimes  int

	latencyRounds  int
	latencySeries  int
	latencyTimes   int
	latencyLasting time.Duration
}

func fullPlan() plan {
	return plan{
		updateRounds:     7,
		updateLasting:    20 * time.Millisecond,
		coldRounds:       5,
		coldSeries:       100_000,
		expositionRounds: 2,
		expositionSeries: 100_000,
		expositionTimes:  3,
		growthSeries:     []int{10_000, 100_000, 1_000_000},
		reductionRounds:  3,
		reductionSeries:  100_000,
		reductionTimes:   9,
		pushRounds:       2,
		pushSeries:       100_000,
		pushTimes:        5,
		scrapeRounds:     1,
		scrapeSeries:     1_000_000,
		scrapeTimes:      3,
		latencyRounds:    1,
		latencySeries:    1_000_000,
		latencyTimes:     3,
		latencyLasting:   400 * time.Millisecond,
	}
}

func quickPlan() plan {
	return plan{
		updateRounds:     2,
		updateLasting:    10 * time.Millisecond,
		coldRounds:       1,
		coldSeries:       20_000,
		expositionRounds: 1,
		expositionSeries: 20_000,
		expositionTimes:  2,
		growthSeries:     []int{1000, 10_000, 100_000},
		reductionRounds:  1,
		reductionSeries:  20_000,
		reductionTimes:   5,
		pushRounds:       1,
		pushSeries:       20_000,
		pushTimes:        3,
		scrapeRounds:     1,
		scrapeSeries:     100_000,
		scrapeTimes:      2,
		latencyRounds:    1,
		latencySeries:    100_000,
		latencyTimes:     2,
		latencyLasting:   100 * time.Millisecond,
	}
}

func (p plan) sizes() report.Sizes {
	return report.Sizes{
		Memory: p.coldSeries, Exposition: p.expositionSeries, Latency: p.latencySeries,
		Scrape: p.scrapeSeries, Reduction: p.reductionSeries, Push: p.pushSeries, Growth: p.growthSeries,
	}
}

func (p plan) method() string {
	return fmt.Sprintf("Updates are measured in %d rounds of three runs of %s each, memory and creation\nin %d rounds, text exposition and growth in %d rounds of at least %d,\nother formats in one, reductions and\nOTLP exports in %d and %d rounds of %d and %d, scrapes in %d of %d, latency\nin %d turns of %s.",
		p.updateRounds, p.updateLasting, p.coldRounds, p.expositionRounds, p.expositionTimes,
		p.reductionRounds, p.pushRounds, p.reductionTimes, p.pushTimes, p.scrapeRounds, p.scrapeTimes, p.latencyTimes, p.latencyLasting)
}
