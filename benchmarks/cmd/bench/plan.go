package main

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/benchmarks/report"
)

// plan says how often is measured, how long, and on how many series.
type plan struct {
	updateRounds  int
	updateLasting time.Duration

	coldRounds int
	coldSeries int

	expositionRounds int
	expositionSeries int
	expositionTimes  int

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
		latencyRounds:    1,
		latencySeries:    100_000,
		latencyTimes:     2,
		latencyLasting:   100 * time.Millisecond,
	}
}

func (p plan) sizes() report.Sizes {
	return report.Sizes{Memory: p.coldSeries, Exposition: p.expositionSeries, Latency: p.latencySeries}
}

func (p plan) method() string {
	return fmt.Sprintf("Updates are measured in %d rounds of three runs of %s each, memory and creation\nin %d rounds, exposition in %d rounds of at least %d, latency in %d turns of %s.",
		p.updateRounds, p.updateLasting, p.coldRounds, p.expositionRounds, p.expositionTimes, p.latencyTimes, p.latencyLasting)
}
