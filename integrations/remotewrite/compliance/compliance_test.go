// Package compliance runs Prometheus's own tests of remote write senders. They
// need much of Prometheus, so they are a module of their own, which only tests
// use.
package compliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/compliance/remotewrite/sender"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/remotewrite"
	"github.com/metertree/metertree/metric"
)

func TestCompliance(t *testing.T) {
	sender.RunTests(t, scraper{}, sender.ComplianceTests())
}

// scraper reads what the tests expose, and gives it to the exporter: they test a
// sender from exposition to remote write.
type scraper struct{}

// Name implements sender.Sender.
func (scraper) Name() string { return "metertree" }

// Run implements sender.Sender.
func (scraper) Run(ctx context.Context, o sender.Options) error {
	version := remotewrite.Version2
	if o.RemoteWriteMessage == remote.WriteV1MessageType {
		version = remotewrite.Version1
	}
	exporter, err := remotewrite.New(o.RemoteWriteEndpointURL, remotewrite.Options{
		// The tests' receiver takes one request after the other.
		Shards: 1, Version: version,
		ExternalLabels: map[string]string{"job": o.ScrapeTargetJobName, "instance": o.ScrapeTargetHostPort},
	})
	if err != nil {
		return err
	}
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for {
		families, err := scrape(ctx, "http://"+o.ScrapeTargetHostPort+"/metrics")
		if err == nil {
			err = exporter.Export(ctx, &export.Batch{Time: time.Now(), Families: slices.Values(families)})
		}
		select {
		case <-ctx.Done():
			return exporter.Shutdown(ctx)
		case <-ticks.C:
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func scrape(ctx context.Context, url string) ([]*metric.Family, error) {
	began := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	families, err := parse(text, response.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	// What scrapers say of a scrape.
	for name, value := range map[string]float64{"up": 1, "scrape_duration_seconds": time.Since(began).Seconds()} {
		families = append(families, &family{Descriptor: metric.Descriptor{Name: name, Kind: metric.Gauge}, points: []metric.Point{{Float: value}}})
	}
	sort.Slice(families, func(i, j int) bool { return families[i].Name < families[j].Name })
	var all []*metric.Family
	for _, f := range families {
		all = append(all, f.family())
	}
	return all, nil
}

// family is one as it is parsed.
type family struct {
	metric.Descriptor
	keys   []string
	points []metric.Point
}

func (f *family) family() *metric.Family {
	return &metric.Family{Descriptor: f.Descriptor, Keys: f.keys, Points: func(yield func(*metric.Point) bool) {
		for i := range f.points {
			if !yield(&f.points[i]) {
				return
			}
		}
	}}
}

// parse reads an exposition in which every family has one label set at most, as
// those of the tests have.
func parse(text []byte, contentType string) ([]*family, error) {
	p, err := textparse.New(text, contentType, labels.NewSymbolTable(), textparse.ParserOptions{OpenMetricsSkipSTSeries: true})
	if err != nil {
		return nil, err
	}
	var families []*family
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return families, nil
		case err != nil:
			return nil, err
		case entry == textparse.EntryType:
			name, kind := p.Type()
			families = append(families, &family{Descriptor: metric.Descriptor{Name: string(name), Kind: kinds[string(kind)], Number: metric.Float64},
				points: make([]metric.Point, 1)})
		case entry == textparse.EntrySeries:
			_, _, value := p.Series()
			var of labels.Labels
			p.Labels(&of)
			if err := families[len(families)-1].add(of, value, p.StartTimestamp()); err != nil {
				return nil, err
			}
		}
	}
}

var kinds = map[string]metric.Kind{"counter": metric.Counter, "gauge": metric.Gauge, "histogram": metric.Histogram}

func (f *family) add(of labels.Labels, value float64, start int64) error {
	p := &f.points[0]
	if start != 0 {
		p.Start = time.UnixMilli(start)
	}
	name := of.Get(labels.MetricName)
	if f.Kind != metric.Histogram {
		f.Name, p.Float = name, value
		return nil
	}
	switch name {
	case f.Name + "_sum":
		p.Histogram.Sum = value
	case f.Name + "_bucket":
		bound, err := strconv.ParseFloat(of.Get("le"), 64)
		if err != nil {
			return fmt.Errorf("bucket of %s: %w", f.Name, err)
		}
		below := p.Histogram.Count()
		p.Histogram.Counts = append(p.Histogram.Counts, uint64(value)-below)
		if !math.IsInf(bound, 1) {
			p.Histogram.Bounds = append(p.Histogram.Bounds, bound)
		}
	}
	return nil
}
