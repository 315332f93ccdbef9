package influxdb

import (
	"context"
	"fmt"
	"net/url"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/metric"
)

// Exporter writes batches to a database. It is used as export.Exporter says, from
// one goroutine at a time; Stats may be called from any.
type Exporter struct {
	options Options
	client  *client
	encoder *encoder
	counts  counts
	// limit is how large requests may be: less than MaxBytes once the database
	// has refused one as too large.
	limit int
	lines []byte
	run   run

	onFamily func(*metric.Family) bool
	onPoint  func(*metric.Point) bool
}

// run is what becomes of one batch.
type run struct {
	ctx context.Context
	push.Outcome
	// searches counts the requests that were divided to find lines that the
	// database will not take.
	searches int
}

// New returns an exporter to the database at a server's address, such as
// http://localhost:8086. A path before that of the endpoint stays. New connects
// to nothing; it fails if the address, the target or the options make no sense.
func New(address string, target Target, options Options) (*Exporter, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	if target == nil {
		return nil, fmt.Errorf("influxdb target is nil: give a V1, V2 or V3")
	}
	at, err := target.endpoint(options.Precision)
	if err != nil {
		return nil, err
	}
	to, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	to = to.JoinPath(at.path)
	to.RawQuery = at.query.Encode()
	e := &Exporter{options: options, limit: options.MaxBytes}
	e.encoder = newEncoder(&e.options)
	e.client = newClient(to, at.authorize, &e.options, &e.counts)
	e.onFamily, e.onPoint = e.family, e.point
	return e, nil
}

func parseAddress(address string) (*url.URL, error) {
	to, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("influxdb address cannot be parsed: give one such as http://localhost:8086")
	case to.Scheme != "http" && to.Scheme != "https" || to.Host == "":
		return nil, fmt.Errorf("influxdb address %q is none of a server: give one such as http://localhost:8086", push.BareAddress(to))
	case to.User != nil || to.RawQuery != "" || to.Fragment != "":
		return nil, fmt.Errorf("influxdb address %q has more than a host and a path: name users and databases in the target", push.BareAddress(to))
	}
	return to, nil
}

// Export writes a batch. See the package comment for what becomes of it.
func (e *Exporter) Export(ctx context.Context, batch *export.Batch) error {
	e.run, e.lines = run{ctx: ctx}, e.lines[:0]
	e.run.Failed = context.Cause(ctx)
	if e.run.Failed == nil {
		e.encoder.begin(batch)
		batch.Families(e.onFamily)
	}
	if e.run.Failed == nil && len(e.lines) > 0 {
		e.run.Failed = e.deliver(e.lines)
	}
	e.counts.unwritable.Add(uint64(e.encoder.unwritable))
	err := e.run.Err(ctx, "points")
	e.run = run{}
	return err
}

// family writes one family and reports whether to go on.
func (e *Exporter) family(f *metric.Family) bool {
	e.encoder.family(f)
	f.Points(e.onPoint)
	return e.run.Failed == nil
}

// point writes one point and reports whether to go on.
func (e *Exporter) point(p *metric.Point) bool {
	before := len(e.lines)
	e.lines = e.encoder.point(e.lines, p)
	if len(e.lines) <= e.limit || before == 0 {
		return true
	}
	e.run.Failed = e.deliver(e.lines[:before])
	e.lines = append(e.lines[:0], e.lines[before:]...)
	return e.run.Failed == nil
}

// Shutdown closes the connections of a client of the exporter's own. What was
// exported is written.
func (e *Exporter) Shutdown(context.Context) error {
	e.client.push.Close()
	return nil
}
