package servers

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/metertree/metertree/benchmarks/servers/load"
	"github.com/metertree/metertree/benchmarks/work"
)

// pushing is what servers are pushed, and where that goes.
type pushing struct {
	push    load.Push
	path    func(Server) string
	headers http.Header
	// names are those under which samples are stored, and when are the times
	// they have.
	names []string
	when  span
	rows  pushRows
}

// pushRows are where figures go; an empty one is not wanted.
type pushRows struct{ points, samples, cpu, memory, peak, disk work.Row }

// past is a time of which servers are asked some minutes after what ends at it was
// pushed: it is then not too new for a query, nor so old that the series have ended.
func past() time.Time { return time.Now().Add(-30 * time.Second).Truncate(15 * time.Second) }

// writes has every server take remote write, and keeps what the last round has
// stored.
func (b *Bench) writes(ctx context.Context) error {
	plan := b.Plan.Write
	times := load.Span{Step: plan.Step, Ticks: plan.Ticks}
	times.Begin = past().Add(-times.End().Sub(times.Begin))
	b.history = span{times.Begin, times.End()}
	p := pushing{
		push: plan.population().RemoteWrite(times, plan.Senders), path: func(s Server) string { return s.write },
		headers: load.RemoteWriteHeaders(), names: load.Names(), when: b.history,
		rows: pushRows{samples: WriteRate, cpu: WriteCPU, memory: WriteMemory, peak: WritePeak, disk: WriteDisk},
	}
	return b.rounds(ctx, "remote write", b.Plan.Rounds, func(ctx context.Context, s Server, last bool) error {
		dir, err := b.pushTo(ctx, s, p)
		if err != nil || !last {
			os.RemoveAll(dir)
			return err
		}
		b.kept[s.Name] = dir
		return nil
	})
}

// pushesOTLP has those servers take OTLP that can.
func (b *Bench) pushesOTLP(ctx context.Context) error {
	plan := b.Plan.OTLP
	times := load.Span{Step: plan.Step, Ticks: plan.Ticks}
	times.Begin = past().Add(-times.End().Sub(times.Begin))
	push, err := load.OTLP(times, plan.Senders, plan.Sums, plan.Histograms)
	if err != nil {
		return err
	}
	p := pushing{
		push: push, path: func(s Server) string { return s.otlp },
		headers: load.OTLPHeaders(), names: load.OTLPNames(), when: span{times.Begin, times.End()},
		rows: pushRows{points: OTLPRate, samples: OTLPSamples, cpu: OTLPCPU, memory: OTLPMemory, peak: OTLPPeak},
	}
	return b.rounds(ctx, "OTLP", b.Plan.Rounds, func(ctx context.Context, s Server, _ bool) error {
		if !s.OTLP() {
			return nil
		}
		dir, err := b.pushTo(ctx, s, p)
		os.RemoveAll(dir)
		return err
	})
}

// pushTo starts a server with an empty storage, sends it everything, compares
// what it has stored, and stops it. The CPU time is that from when it was ready
// to its end, without that of the comparison: what it puts off counts too.
func (b *Bench) pushTo(ctx context.Context, s Server, p pushing) (dir string, err error) {
	dir, err = b.workplace(noScrapes)
	if err != nil {
		return dir, err
	}
	server, err := start(ctx, s, b.Cores.server, dir)
	if err != nil {
		return dir, err
	}
	defer server.kill()
	ready, err := server.read()
	if err != nil {
		return dir, err
	}
	took, err := p.push.Send(ctx, server.url+p.path(s), p.headers)
	if err != nil {
		return dir, fmt.Errorf("%w\n%s", err, server.output.String())
	}
	used, err := residentMemory(server.pid())
	if err != nil {
		return dir, err
	}
	comparing, err := server.hasStored(ctx, p)
	if err != nil {
		return dir, err
	}
	cpu, err := server.stop()
	if err != nil {
		return dir, err
	}
	disk, err := diskBytes(storageIn(dir))
	if err != nil {
		return dir, err
	}
	samples := float64(p.push.Samples())
	b.addPush(s, p.rows, map[work.Row]float64{
		p.rows.points:  float64(p.push.Points()) / took.Seconds(),
		p.rows.samples: samples / took.Seconds(),
		p.rows.cpu:     (cpu - ready.cpu - comparing).Seconds() / samples * million,
		p.rows.memory:  used.now / megabyte,
		p.rows.peak:    used.peak / megabyte,
		p.rows.disk:    float64(disk) / samples,
	})
	return dir, nil
}

// addPush adds the figures that are wanted.
func (b *Bench) addPush(s Server, rows pushRows, figures map[work.Row]float64) {
	for _, row := range []work.Row{rows.points, rows.samples, rows.cpu, rows.memory, rows.peak, rows.disk} {
		if row != "" {
			b.add(s, row, figures[row])
		}
	}
}

// hasStored fails unless the server has stored every sample, and returns the CPU
// time that finding out took.
func (p *process) hasStored(ctx context.Context, sent pushing) (time.Duration, error) {
	before, err := p.read()
	if err != nil {
		return 0, err
	}
	n, err := p.waitStored(ctx, sent.names, sent.when, sent.push.Samples())
	if err != nil {
		return 0, err
	}
	if n != sent.push.Samples() {
		return 0, fmt.Errorf("%d samples were accepted and %d are stored", sent.push.Samples(), n)
	}
	after, err := p.read()
	return after.cpu - before.cpu, err
}
