package main

import (
	"context"
	"slices"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/benchmarks/worker"
)

// part is a group of jobs that is repeated as a whole.
type part struct {
	name   string
	rounds int
	jobs   []job
}

// job is a task that each column does in a fresh process.
type job struct {
	// task lacks the library.
	task worker.Task
	// rows are those it gives figures of.
	rows []work.Row
	// columns are those that take part.
	columns []string
}

// populations measures what is about many series, but for memory and creation.
func (m *measurement) populations(ctx context.Context) error {
	for _, p := range m.plan.parts() {
		p.jobs = slices.DeleteFunc(p.jobs, func(j job) bool { return !m.wants(j.rows...) })
		if len(p.jobs) == 0 {
			continue
		}
		if err := m.repeat(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) repeat(ctx context.Context, p part) error {
	for round := range p.rounds {
		m.say("%s, round %d of %d", p.name, round+1, p.rounds)
		for _, j := range p.jobs {
			for _, c := range contenders(m.programs, round) {
				if !slices.Contains(j.columns, c.column) {
					continue
				}
				j.task.Library = c.library
				samples, err := alone(ctx, c, 0, j.task)
				if err != nil {
					return err
				}
				m.results.Add(c.column, samples)
			}
		}
	}
	return nil
}

// The columns that take part where many series cost a run much time, or where
// no other library has the like.
var (
	textColumns    = []string{rivals.NameMetertree, report.Portable, rivals.NameClientGolang, rivals.NameVictoriaMetrics}
	formatColumns  = []string{rivals.NameMetertree, rivals.NameClientGolang}
	growthColumns  = []string{rivals.NameMetertree, rivals.NameVictoriaMetrics}
	scrapeColumns  = []string{rivals.NameMetertree, rivals.NameClientGolang, rivals.NameVictoriaMetrics}
	reduceColumns  = []string{rivals.NameMetertree, rivals.NameOpenTelemetry}
	pushColumns    = []string{rivals.NameMetertree, rivals.NameOpenTelemetry}
	latencyColumns = []string{rivals.NameMetertree, rivals.NameClientGolang, rivals.NameVictoriaMetrics, rivals.NameOpenTelemetry}
)

// parts are what the plan says of populations.
func (p plan) parts() []part {
	return []part{
		{"text exposition", p.expositionRounds, p.expositionJobs(textColumns, work.Text)},
		{"exposition in other formats", 1, p.expositionJobs(formatColumns, work.OpenMetrics, work.Protobuf)},
		{"growth", p.expositionRounds, p.growthJobs()},
		{"reduction", p.reductionRounds, p.reductionJobs()},
		{"OTLP exports", p.pushRounds, p.pushJobs()},
		{"scrapes", p.scrapeRounds, []job{p.scrapeJob()}},
		{"latency", p.latencyRounds, []job{p.latencyJob()}},
	}
}

func (p plan) expositionJobs(columns []string, formats ...work.Format) (jobs []job) {
	for _, f := range formats {
		for _, kind := range kinds {
			task := worker.Task{
				Method: worker.Exposition, Kind: kind, Format: f, Series: p.expositionSeries, Times: p.expositionTimes,
			}
			jobs = append(jobs, job{task, []work.Row{work.Expose(f, kind), work.Expose(f, kind).Allocs()}, columns})
		}
	}
	return jobs
}

func (p plan) growthJobs() (jobs []job) {
	for _, series := range p.growthSeries {
		task := worker.Task{Method: worker.Growth, Kind: work.Counters, Series: series, Times: p.expositionTimes}
		jobs = append(jobs, job{task, []work.Row{work.ExposeEach(series)}, growthColumns})
	}
	return jobs
}

func (p plan) reductionJobs() (jobs []job) {
	for _, t := range work.Temporalities() {
		task := worker.Task{Method: worker.Reduction, Temporality: t, Series: p.reductionSeries, Times: p.reductionTimes}
		rows := []work.Row{work.Reduce(t), work.Reduce(t).Allocs(), work.ReduceUpdate(t)}
		jobs = append(jobs, job{task, rows, reduceColumns})
	}
	return jobs
}

func (p plan) pushJobs() (jobs []job) {
	for _, kind := range kinds {
		task := worker.Task{Method: worker.PushOTLP, Kind: kind, Series: p.pushSeries, Times: p.pushTimes}
		jobs = append(jobs, job{task, []work.Row{work.PushOTLP(kind), work.PushOTLP(kind).Allocs()}, pushColumns})
	}
	return jobs
}

func (p plan) scrapeJob() job {
	var rows []work.Row
	for _, c := range work.Codings() {
		rows = append(rows, work.Scrape(c), work.ScrapeHeap(c))
	}
	task := worker.Task{Method: worker.Scrapes, Kind: work.Counters, Series: p.scrapeSeries, Times: p.scrapeTimes}
	return job{task, rows, scrapeColumns}
}

func (p plan) latencyJob() job {
	var rows []work.Row
	for _, quantile := range []string{"p50", "p99", "p99.9"} {
		rows = append(rows, work.Latency(work.Idle, quantile), work.Latency(work.Collecting, quantile))
	}
	task := worker.Task{
		Method: worker.Latency, Kind: work.Counters,
		Series: p.latencySeries, Times: p.latencyTimes, Lasting: p.latencyLasting,
	}
	return job{task, rows, latencyColumns}
}
