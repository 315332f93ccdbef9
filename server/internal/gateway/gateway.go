package gateway

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/durable"
	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// Gateway takes pushes and shows what they add up to. Its methods may be called
// from several goroutines.
type Gateway struct {
	options Options
	log     *slog.Logger
	self    *selfMetrics
	notices notices

	queue   chan *pending
	closing chan struct{}
	done    chan struct{}
	failure error

	clock sync.Mutex
	last  int64

	// mu guards state, which the committer alone changes.
	mu    sync.Mutex
	state *merge.State

	// What follows is the committer's.
	dir          *durable.Dir
	snapshotSize int64
	unsynced     bool
}

// pending is a push that waits to be committed.
type pending struct {
	request push.Request
	batch   *push.Batch
	// decoded is the time that was given to Decode.
	decoded int64
	outcome merge.Outcome
	err     error
	done    chan struct{}
}

// ErrUnavailable says that a push could not be made durable, and was not counted.
var ErrUnavailable = errors.New("the push cannot be stored")

// errClosed says that the gateway is shutting down.
var errClosed = fmt.Errorf("%w: the gateway is shutting down", ErrUnavailable)

// Open restores the state and starts to take pushes. The gateway must be closed.
func Open(options Options) (*Gateway, error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.now == nil {
		options.now = time.Now
	}
	self, err := newSelfMetrics(options)
	if err != nil {
		return nil, fmt.Errorf("own metrics: %w", err)
	}
	g := &Gateway{
		options: options, log: options.Logger, self: self, notices: newNotices(options.Logger, options.now),
		queue:   make(chan *pending, options.MaxConcurrency),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	if g.dir, err = durable.Open(options.Path); err != nil {
		return nil, err
	}
	if err := g.restore(); err != nil {
		return nil, errors.Join(err, g.dir.Close())
	}
	go g.commit()
	return g, nil
}

// Close takes no more pushes, saves the state and gives up the directory.
func (g *Gateway) Close() error {
	close(g.closing)
	<-g.done
	return g.failure
}

// stamp returns the time, later than any it returned before.
func (g *Gateway) stamp() int64 {
	g.clock.Lock()
	defer g.clock.Unlock()
	g.last = max(g.options.now().UnixNano(), g.last+1)
	return g.last
}

// Push decodes a request, and returns what became of its points once that is as
// durable as was asked for. Its errors wrap push.ErrMalformed, push.ErrTooLarge or
// ErrUnavailable; nothing of such a push was counted.
func (g *Gateway) Push(request push.Request) (merge.Outcome, error) {
	if err := g.bearable(request); err != nil {
		return merge.Outcome{}, err
	}
	at := g.stamp()
	batch, err := push.Decode(request, g.options.Limits, at)
	if err != nil {
		return merge.Outcome{}, err
	}
	p := &pending{request: request, batch: batch, decoded: at, done: make(chan struct{})}
	select {
	case g.queue <- p:
	case <-g.closing:
		return merge.Outcome{}, errClosed
	}
	select {
	case <-p.done:
	case <-g.done:
		// The committer ended; it may have been the last that it did.
		select {
		case <-p.done:
		default:
			return merge.Outcome{}, errClosed
		}
	}
	if p.err != nil {
		return merge.Outcome{}, p.err
	}
	g.self.count(request.Protocol, &p.outcome)
	g.notices.note(&p.outcome)
	return p.outcome, nil
}

// settings are what a journal begins with.
type settings struct {
	Merge  merge.Settings
	Limits push.Limits
	// Rules are missing, and so OriginalRules, in the journals of versions that knew
	// no others.
	Rules merge.Rules
}

// The kinds of records.
const (
	settingsRecord = iota
	pushRecord
)

// restore reads what a former process left, under its settings, and goes on under
// those of this one.
func (g *Gateway) restore() error {
	g.state = merge.New(g.options.Settings)
	limits := g.options.Limits
	found, err := g.dir.Restore(func(r io.Reader) (err error) {
		g.state, err = merge.Read(r)
		return err
	}, func(record []byte) error {
		return g.replay(record, &limits)
	})
	if err != nil {
		return err
	}
	g.state.Under(merge.CurrentRules)
	if found.Found {
		size := g.state.Size()
		g.log.Info("state restored", "path", g.options.Path, "streams", size.Streams, "series", size.Series, "pushes", max(found.Records-1, 0))
	}
	if found.Torn > 0 {
		g.log.Warn("the journal ends in a record that was not completed, as a crash leaves it; it was never acknowledged", "bytes", found.Torn)
	}
	if !g.state.Settings().Equal(g.options.Settings) {
		g.state.Use(g.options.Settings)
	}
	if now := g.options.now().UnixNano(); max(g.last, g.state.Now()) > now+int64(g.options.Settings.MaxAhead) {
		g.log.Warn("the clock was ahead when the state was saved, or is behind now", "ahead", time.Duration(g.state.Now()-now))
		g.state.Rewind(now)
		g.last = now
	}
	g.state.Advance(g.stamp())
	if err := g.rotate(); err != nil {
		return fmt.Errorf("storage path %q: %w: free some space or choose another directory with --storage.path", g.options.Path, err)
	}
	g.self.evictedBefore = g.state.Evicted()
	g.self.measure(g.state, g.dir.Size())
	return nil
}

func (g *Gateway) replay(record []byte, limits *push.Limits) error {
	if record[0] == settingsRecord {
		var of settings
		if err := json.Unmarshal(record[1:], &of); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		*limits = of.Limits
		g.state.Under(of.Rules)
		if !g.state.Settings().Equal(of.Merge) {
			g.state.Use(of.Merge)
		}
		return nil
	}
	at, n := binary.Varint(record[1:])
	decoded, m := binary.Varint(record[1+max(n, 0):])
	if n <= 0 || m <= 0 {
		return fmt.Errorf("%w: times", push.ErrMalformed)
	}
	request, err := push.ParseRequest(record[1+n+m:])
	if err != nil {
		return err
	}
	batch, err := push.Decode(request, *limits, decoded)
	if err != nil {
		return err
	}
	g.state.Apply(at, batch)
	g.last = max(g.last, at, decoded)
	return nil
}

// record is a push as the journal has it.
func (p *pending) record(at int64) []byte {
	b := make([]byte, 0, len(p.request.Body)+128)
	b = binary.AppendVarint(append(b, pushRecord), at)
	return p.request.Append(binary.AppendVarint(b, p.decoded))
}

// rotate replaces snapshot and journal.
func (g *Gateway) rotate() error {
	begin := time.Now()
	first, err := json.Marshal(settings{g.options.Settings, g.options.Limits, merge.CurrentRules})
	if err != nil {
		return err
	}
	var size counter
	err = g.dir.Rotate(append([]byte{settingsRecord}, first...), func(w io.Writer) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.state.Write(io.MultiWriter(w, &size))
	})
	g.self.snapshot(time.Since(begin), err)
	if err == nil {
		g.snapshotSize, g.unsynced = int64(size), false
	}
	return err
}

// counter counts bytes.
type counter int64

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// Collect implements the exposition's Producer: the merged stream, and among it
// the gateway's own metrics.
func (g *Gateway) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	g.mu.Lock()
	collected := g.state.Collect()
	g.mu.Unlock()
	g.self.unmerged.Set(float64(collected.Unmerged))
	g.self.uneven.Set(float64(collected.Uneven))
	families := collected.Families
	return func(yield func(*metric.Family) bool) {
		i := 0
		upTo := func(name string) bool {
			for ; i < len(families) && (name == "" || families[i].Descriptor.Name < name); i++ {
				if !yield(families[i]) {
					return false
				}
			}
			return true
		}
		for f := range g.self.registry.Collect(ctx) {
			if !strings.HasPrefix(f.Descriptor.Name, merge.Reserved) {
				continue
			}
			if !upTo(f.Descriptor.Name) || !yield(f) {
				return
			}
		}
		upTo("")
	}
}
