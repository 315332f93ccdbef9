package gateway

import (
	"errors"
	"fmt"
	"time"
)

const (
	// groupPushes and groupBytes bound what is committed at once.
	groupPushes = 64
	groupBytes  = 32 << 20
	// housekeeping is how often what is idle is forgotten, and what is unsynced
	// synced.
	housekeeping = time.Second
)

// commit is the goroutine that alone changes the state. Pushes that wait at once
// are written, synced and merged together, in their order.
func (g *Gateway) commit() {
	defer close(g.done)
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	for {
		select {
		case first := <-g.queue:
			g.commitGroup(g.group(first))
		case <-tick.C:
			g.keepHouse()
		case <-g.closing:
			g.shutDown()
			return
		}
	}
}

// group takes what waits with the first.
func (g *Gateway) group(first *pending) []*pending {
	group, size := []*pending{first}, len(first.request.Body)
	for len(group) < groupPushes && size < groupBytes {
		select {
		case next := <-g.queue:
			group, size = append(group, next), size+len(next.request.Body)
		default:
			return group
		}
	}
	return group
}

// commitGroup makes pushes durable, merges them and tells who waits.
func (g *Gateway) commitGroup(group []*pending) {
	begin := time.Now()
	at := make([]int64, len(group))
	for i := range group {
		at[i] = g.stamp()
	}
	err := g.write(group, at)
	if err == nil {
		g.mu.Lock()
		for i, p := range group {
			p.outcome = g.state.Apply(at[i], p.batch)
		}
		g.mu.Unlock()
	}
	g.self.commits.Observe(time.Since(begin).Seconds())
	for _, p := range group {
		if err != nil {
			p.err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		close(p.done)
	}
	if err != nil {
		// Housekeeping mends it: with each push would be too often.
		g.notices.failed(err)
	} else if g.dir.Size() > max(g.options.JournalBytes, 2*g.snapshotSize) {
		g.mend()
	}
	g.self.measure(g.state, g.dir.Size())
}

// write appends pushes to the journal, as durably as was asked for.
func (g *Gateway) write(group []*pending, at []int64) error {
	if g.options.Durability == Shutdown {
		return nil
	}
	records := make([][]byte, len(group))
	for i, p := range group {
		records[i] = p.record(at[i])
	}
	if err := g.dir.Append(records...); err != nil {
		return err
	}
	if g.options.Durability == Disk {
		return g.dir.Sync()
	}
	g.unsynced = true
	return nil
}

// mend replaces the journal because it is long, or broken.
func (g *Gateway) mend() {
	if err := g.rotate(); err != nil {
		g.notices.failed(err)
	}
}

func (g *Gateway) keepHouse() {
	g.mu.Lock()
	g.state.Advance(g.stamp())
	g.mu.Unlock()
	if g.dir.Broken() != nil {
		g.mend()
	}
	if g.unsynced {
		g.unsynced = false
		if err := g.dir.Sync(); err != nil {
			g.notices.failed(err)
			g.mend()
		}
	}
	g.self.measure(g.state, g.dir.Size())
}

// shutDown commits what waits and saves the state.
func (g *Gateway) shutDown() {
	for {
		select {
		case first := <-g.queue:
			g.commitGroup(g.group(first))
			continue
		default:
		}
		break
	}
	err := g.rotate()
	if err != nil {
		err = fmt.Errorf("saving the state: %w", err)
	}
	g.failure = errors.Join(err, g.dir.Close())
}
