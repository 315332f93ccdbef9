package servers

import (
	"context"
	"fmt"
	"os"

	"github.com/metertree/metertree/benchmarks/work"
)

// starts measures binaries, cold starts and, on the storage that remote write
// has left, queries.
func (b *Bench) starts(ctx context.Context) error {
	err := b.rounds(ctx, "starts and queries", 1, func(ctx context.Context, s Server, _ bool) error {
		info, err := os.Stat(s.Binary)
		if err != nil {
			return fmt.Errorf("measuring the binary: %w", err)
		}
		b.add(s, BinarySize, float64(info.Size())/megabyte)
		if err := b.startsEmpty(ctx, s); err != nil {
			return err
		}
		return b.startsFull(ctx, s)
	})
	if err != nil {
		return err
	}
	return b.compareAnswers()
}

func (b *Bench) startsEmpty(ctx context.Context, s Server) error {
	for i := range b.Plan.Starts {
		dir, err := b.workplace(noScrapes)
		if err != nil {
			return err
		}
		err = b.started(ctx, s, dir, StartEmpty, func(ctx context.Context, p *process) error {
			if i < b.Plan.Starts-1 {
				return nil
			}
			return b.idle(ctx, p, IdleEmpty)
		})
		os.RemoveAll(dir)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) startsFull(ctx context.Context, s Server) error {
	dir := b.kept[s.Name]
	defer os.RemoveAll(dir)
	for i := range b.Plan.Starts {
		err := b.started(ctx, s, dir, StartFull, func(ctx context.Context, p *process) error {
			if i < b.Plan.Starts-1 {
				return nil
			}
			if err := b.idle(ctx, p, IdleFull); err != nil {
				return err
			}
			return b.queries(ctx, p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// started starts a server in its directory, has something done with it, and
// stops it.
func (b *Bench) started(ctx context.Context, s Server, dir string, row work.Row, do func(context.Context, *process) error) error {
	p, err := start(ctx, s, b.Cores.all, dir)
	if err != nil {
		return err
	}
	defer p.kill()
	b.add(s, row, milliseconds(p.took))
	if err := do(ctx, p); err != nil {
		return err
	}
	_, err = p.stop()
	return err
}

// idle reads a server's memory after it had nothing to do for a while.
func (b *Bench) idle(ctx context.Context, p *process, row work.Row) error {
	if err := wait(ctx, b.Plan.Idle); err != nil {
		return err
	}
	used, err := residentMemory(p.pid())
	if err != nil {
		return err
	}
	b.add(p.server, row, used.now/megabyte)
	return nil
}
