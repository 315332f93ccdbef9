package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/work"
)

// Bench measures servers, one at a time.
type Bench struct {
	Plan    Plan
	Servers []Server
	Cores   Cores
	// Dir is where storages are made; they are removed as soon as they are not
	// needed.
	Dir string
	// Say is told what is done.
	Say func(line string)

	results report.Results
	// history is when the samples of remote write lie, the same for all servers.
	history span
	// kept are the storages that remote write has filled in its last round.
	kept map[string]string
	// answers are what each server said to each query.
	answers map[string][]answer
}

// span is a time with its ends.
type span struct{ begin, end time.Time }

// seconds is a range that holds both ends, though ranges leave their left one
// out.
func (s span) seconds() int { return int(s.end.Sub(s.begin).Seconds()) + 1 }

// Run measures everything. A sample that was accepted and is not stored is an
// error, and so is an answer that differs.
func (b *Bench) Run(ctx context.Context) (report.Results, error) {
	b.results, b.kept, b.answers = report.Results{}, map[string]string{}, map[string][]answer{}
	// Queries come right after what they ask for was written.
	for _, part := range []func(context.Context) error{b.scrapes, b.pushesOTLP, b.writes, b.starts} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return b.results, nil
}

// rounds calls measure for every server in every round; a round begins with the
// server after the one that the last began with.
func (b *Bench) rounds(ctx context.Context, what string, times int, measure func(ctx context.Context, s Server, last bool) error) error {
	for round := range times {
		for i := range b.Servers {
			s := b.Servers[(i+round)%len(b.Servers)]
			if err := ctx.Err(); err != nil {
				return err
			}
			b.Say(fmt.Sprintf("%s, round %d of %d: %s", what, round+1, times, s.Name))
			if err := measure(ctx, s, round == times-1); err != nil {
				return fmt.Errorf("%s of %s: %w", what, s.Name, err)
			}
		}
	}
	return nil
}

func (b *Bench) add(s Server, row work.Row, v float64) {
	b.results.Add(s.Name, measure.Samples{row: {v}})
}

// workplace makes a directory with a configuration in it and room for a storage.
func (b *Bench) workplace(config string) (dir string, err error) {
	dir, err = os.MkdirTemp(b.Dir, "server-")
	if err != nil {
		return "", fmt.Errorf("making a directory for a storage: %w", err)
	}
	return dir, writeConfig(configIn(dir), config)
}

// configIn and storageIn are where a server has its configuration and its
// storage.
func configIn(dir string) string { return filepath.Join(dir, "config.yml") }

func storageIn(dir string) string { return filepath.Join(dir, "data") }

// noScrapes is a configuration of servers that are pushed to.
const noScrapes = "global: {scrape_interval: 1h}\n"

// reading is what a process had taken at a moment.
type reading struct {
	at  time.Time
	cpu time.Duration
}

func (p *process) read() (reading, error) {
	cpu, err := cpuTime(p.pid())
	return reading{time.Now(), cpu}, err
}

// wait waits for a while, or until the context ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

const megabyte = 1e6

// million is what CPU times are divided by: samples of so many.
const million = 1e6
