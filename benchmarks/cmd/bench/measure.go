package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/benchmarks/worker"
)

// contender is a column of the table: a library in one of the builds.
type contender struct {
	column  string
	library string
	program string
}

// contenders returns all columns, each round beginning with another one, so
// that none always follows the same neighbour.
func contenders(p programs, round int) []contender {
	all := []contender{{report.Portable, rivals.NameMetertree, p.portable}}
	for _, rival := range rivals.All() {
		all = append(all, contender{rival.Name, rival.Name, p.normal})
	}
	first := round % len(all)
	return append(all[first:len(all):len(all)], all[:first]...)
}

// measurement is one run of the plan.
type measurement struct {
	plan     plan
	programs programs
	results  report.Results
	progress func(line string)
	began    time.Time
}

// measureAll does what the plan says.
func measureAll(ctx context.Context, p plan, programs programs, progress func(line string)) (report.Results, error) {
	m := &measurement{plan: p, programs: programs, results: report.Results{}, progress: progress, began: time.Now()}
	for _, measure := range []func(context.Context) error{m.updates, m.cold, m.populations} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
	}
	m.say("done")
	return m.results, nil
}

func (m *measurement) say(format string, args ...any) {
	m.progress(fmt.Sprintf("%4.0fs  ", time.Since(m.began).Seconds()) + fmt.Sprintf(format, args...))
}

// wants tells whether one of the rows was asked for.
func (m *measurement) wants(rows ...work.Row) bool {
	return m.plan.rows == nil || slices.ContainsFunc(rows, func(row work.Row) bool {
		return m.plan.rows.MatchString(string(row))
	})
}

// updates measures the rows of updates and requests in two processes that live
// as long: one of each build.
func (m *measurement) updates(ctx context.Context) error {
	rows := slices.DeleteFunc(append(work.UpdateRows(), work.RequestRows()...), func(row work.Row) bool {
		return !m.wants(row, row.Allocs())
	})
	if len(rows) == 0 {
		return nil
	}
	processes := map[string]*worker.Process{}
	for _, program := range []string{m.programs.normal, m.programs.portable} {
		process, err := worker.Start(ctx, 0, program, "-worker")
		if err != nil {
			return err
		}
		processes[program] = process
	}
	for round := range m.plan.updateRounds {
		m.say("updates, round %d of %d", round+1, m.plan.updateRounds)
		for _, row := range rows {
			for _, c := range contenders(m.programs, round) {
				task := worker.Task{Method: worker.Updates, Library: c.library, Row: row, Lasting: m.plan.updateLasting}
				samples, err := processes[c.program].Do(task)
				if err != nil {
					return err
				}
				m.results.Add(c.column, samples)
			}
		}
	}
	for _, process := range processes {
		if err := process.Close(); err != nil {
			return err
		}
	}
	return nil
}

var kinds = []work.Kind{work.Counters, work.Histograms}

// cold measures memory and creation. The first value of GOMAXPROCS gives the
// figures of creation, and takes every round for them; memory hardly varies, so
// the other values take one round.
func (m *measurement) cold(ctx context.Context) error {
	wanted := slices.DeleteFunc(slices.Clone(kinds), func(kind work.Kind) bool { return !m.wants(coldRows(kind)...) })
	if len(wanted) == 0 {
		return nil
	}
	for round := range m.plan.coldRounds {
		m.say("memory and creation, round %d of %d", round+1, m.plan.coldRounds)
		for at, procs := range report.MemoryProcs() {
			if at > 0 && round > 0 {
				break
			}
			for _, kind := range wanted {
				if err := m.coldAt(ctx, round, kind, procs, at > 0); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func coldRows(kind work.Kind) []work.Row {
	rows := []work.Row{work.Create(kind), work.Create(kind).Allocs()}
	for _, procs := range report.MemoryProcs() {
		rows = append(rows, work.Memory(kind, procs), work.MemoryCollected(kind, procs))
	}
	return rows
}

func (m *measurement) coldAt(ctx context.Context, round int, kind work.Kind, procs int, memoryAlone bool) error {
	for _, c := range contenders(m.programs, round) {
		task := worker.Task{Method: worker.Cold, Library: c.library, Kind: kind, Series: m.plan.coldSeries}
		samples, err := alone(ctx, c, procs, task)
		if err != nil {
			return err
		}
		if memoryAlone {
			delete(samples, work.Create(kind))
			delete(samples, work.Create(kind).Allocs())
		}
		m.results.Add(c.column, samples)
	}
	return nil
}

// alone does a task in a fresh process.
func alone(ctx context.Context, c contender, procs int, task worker.Task) (measure.Samples, error) {
	process, err := worker.Start(ctx, procs, c.program, "-worker")
	if err != nil {
		return nil, err
	}
	samples, err := process.Do(task)
	if err != nil {
		process.Close()
		return nil, err
	}
	return samples, process.Close()
}
