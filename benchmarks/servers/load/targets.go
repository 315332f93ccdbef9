package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Targets serve a population's instances on the loopback interface, each at a
// path of its own, with new values at every scrape. They may be used by several
// goroutines.
type Targets struct {
	population Population
	address    string
	server     *http.Server
	ended      chan error
	buffers    sync.Pool
	ticks      []atomic.Int64
	served     atomic.Int64
	paused     atomic.Bool
}

// Serve begins to serve a population.
func Serve(p Population) (*Targets, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for scrapes: %w", err)
	}
	t := &Targets{
		population: p, address: listener.Addr().String(),
		ticks: make([]atomic.Int64, p.Instances), ended: make(chan error, 1),
	}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: 10 * time.Second}
	go func() { t.ended <- t.server.Serve(listener) }()
	return t, nil
}

// Close ends serving.
func (t *Targets) Close() error {
	err := t.server.Close()
	if ended := <-t.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// ServeHTTP implements http.Handler: an instance's series, at /metrics/NUMBER.
func (t *Targets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number, found := strings.CutPrefix(r.URL.Path, "/metrics/")
	instance, err := strconv.Atoi(number)
	if !found || err != nil || instance < 0 || instance >= t.population.Instances {
		http.NotFound(w, r)
		return
	}
	if t.paused.Load() {
		http.Error(w, "paused", http.StatusServiceUnavailable)
		return
	}
	buffer, _ := t.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	defer t.buffers.Put(buffer)
	tick := int(t.ticks[instance].Add(1))
	*buffer = t.population.AppendText((*buffer)[:0], instance, tick)
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(*buffer)))
	if _, err := w.Write(*buffer); err == nil {
		t.served.Add(1)
	}
}

// Scrapes is how many scrapes were answered whole.
func (t *Targets) Scrapes() int { return int(t.served.Load()) }

// Pause refuses scrapes from now on; those in work are still answered.
func (t *Targets) Pause() { t.paused.Store(true) }

// Resume answers scrapes again.
func (t *Targets) Resume() { t.paused.Store(false) }

// Config is a configuration, which Prometheus, VictoriaMetrics and metertree
// read alike, that scrapes all instances at an interval of whole milliseconds.
func (t *Targets) Config(interval time.Duration) string {
	var b strings.Builder
	every := interval.Milliseconds()
	fmt.Fprintf(&b, "global: {scrape_interval: %dms, scrape_timeout: %dms}\n", every, every)
	fmt.Fprintf(&b, "scrape_configs:\n- job_name: %s\n  static_configs:\n", Job)
	for i := range t.population.Instances {
		fmt.Fprintf(&b, "  - {targets: [%q], labels: {__metrics_path__: /metrics/%d, instance: %q}}\n", t.address, i, Instance(i))
	}
	return b.String()
}

// WaitScrapes waits until so many more scrapes were answered.
func (t *Targets) WaitScrapes(ctx context.Context, more int) error {
	goal := t.Scrapes() + more
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for t.Scrapes() < goal {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d scrapes, %d are missing: %w", more, goal-t.Scrapes(), ctx.Err())
		case <-pause.C:
		}
	}
	return nil
}
