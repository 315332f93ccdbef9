package measure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

const (
	// timedPath is where a scrape is answered as it is.
	timedPath = "/metrics"
	// weighedPath is where garbage is collected first, and the heap is sampled
	// meanwhile.
	weighedPath = "/weighed"
)

// Scraper does what Fetch does, in a process of its own, whose memory is not the
// caller's.
type Scraper func(url string, c work.Coding, series, times int) (Samples, error)

// Scrapes fills a fresh population of counters, answers scrapes of it over HTTP
// on the loopback interface, and returns milliseconds of a scrape and, of another
// one, by how many megabytes this process' heap grows at most. Of compressed ones
// it takes one figure, whatever times is: they are slow, and of less concern. It
// wants a process of its own.
func Scrapes(newPopulation func(int) rivals.Population, scrape Scraper, series, times int) (Samples, error) {
	p := newPopulation(series)
	if p.Handler == nil {
		return Samples{}, nil
	}
	p.Fill(work.LabelSets(series))
	// What a first collection makes and keeps is not what a scrape costs.
	if err := p.Collect(); err != nil {
		return nil, fmt.Errorf("collecting %d series: %w", series, err)
	}
	weighed := &weighing{next: p.Handler()}
	mux := http.NewServeMux()
	mux.Handle(timedPath, p.Handler())
	mux.Handle(weighedPath, weighed)
	url, stop, err := listen(mux)
	if err != nil {
		return nil, err
	}
	samples := Samples{}
	err = weighed.scrapes(samples, url, scrape, series, times)
	if err := errors.Join(err, stop()); err != nil {
		return nil, fmt.Errorf("scraping %d series: %w", series, err)
	}
	if err := p.Check(series, series); err != nil {
		return nil, fmt.Errorf("updates were lost: %w", err)
	}
	return samples, nil
}

// scrapes takes the figures of each coding that the library has.
func (h *weighing) scrapes(samples Samples, url string, scrape Scraper, series, times int) error {
	for _, c := range work.Codings() {
		if c != work.Plain {
			times = 1
		}
		took, err := scrape(url, c, series, times)
		if err != nil {
			return err
		}
		grew := h.take()
		if len(took) == 0 {
			continue
		}
		samples[work.Scrape(c)] = took[work.Scrape(c)]
		samples[work.ScrapeHeap(c)] = grew
	}
	return nil
}

// listen serves on a port of the loopback interface until stop is called, which
// waits until everything is answered.
func listen(h http.Handler) (url string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening for scrapes: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	stop = func() error {
		err := server.Shutdown(context.Background())
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
	return "http://" + listener.Addr().String(), stop, nil
}

// weighing is a handler that tells by how many megabytes the heap has grown at
// most while another one answered. Garbage that was not collected counts, since
// a process needs memory for it too.
type weighing struct {
	next http.Handler
	mu   sync.Mutex
	grew []float64
}

// take returns the figures of the requests since the last call.
func (h *weighing) take() []float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	grew := h.grew
	h.grew = nil
	return grew
}

// ServeHTTP implements http.Handler. Requests must not overlap.
func (h *weighing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// Twice, so that what pools hold is counted when it is made again.
	runtime.GC()
	runtime.GC()
	stop := sampleHeap()
	h.next.ServeHTTP(w, r)
	h.grew = append(h.grew, float64(stop())/1e6)
}

// heapEvery is the time between two samples: a library that fills the heap
// needs many times as long to make a garbage collection due.
const heapEvery = 500 * time.Microsecond

// sampleHeap begins to sample the size of the heap; stop returns by how many
// bytes the greatest sample exceeds the first.
func sampleHeap() (stop func() (grown uint64)) {
	first := heapObjects()
	peak := first
	stopped := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		ticker := time.NewTicker(heapEvery)
		defer ticker.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-ticker.C:
				peak = max(peak, heapObjects())
			}
		}
	})
	return func() uint64 {
		close(stopped)
		sampling.Wait()
		return max(peak, heapObjects()) - first
	}
}

// heapObjects returns the bytes of objects on the heap, dead ones included that
// were not collected yet.
func heapObjects() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
