package queryapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/server/internal/promtree"
	"github.com/metertree/metertree/tree"
)

// backend implements promtree.Backend.
type backend struct {
	client  *client
	options Options
	answers *flights
	notices notices

	mu     sync.Mutex
	meta   map[string]tree.Metadata
	metaAt time.Time
}

// metaKept is how long declarations are reused: they change with releases.
const metaKept = time.Minute

// Instant implements promtree.Backend.
func (b *backend) Instant(ctx context.Context, query string, at time.Time) ([]promtree.Sample, error) {
	a, err := b.ask(ctx, "query", url.Values{"query": {query}, "time": {milliseconds(at)}, "timeout": {seconds(b.options.Timeout)}})
	if err == nil && a.truncated {
		err = b.tooMany()
	}
	if err != nil {
		return nil, err
	}
	return a.samples, nil
}

// Range implements promtree.Backend.
func (b *backend) Range(ctx context.Context, query string, w tree.Window) ([]promtree.Series, error) {
	a, err := b.ask(ctx, "query_range", url.Values{
		"query": {query}, "start": {milliseconds(w.Start)}, "end": {milliseconds(w.End)},
		"step": {seconds(w.Step)}, "timeout": {seconds(b.options.Timeout)},
	})
	if err == nil && a.truncated {
		err = b.tooMany()
	}
	if err != nil {
		return nil, err
	}
	return a.series, nil
}

func (b *backend) tooMany() error {
	return fmt.Errorf("%s: more than %d series in one answer: choose a narrower node, or a label with fewer values", b.client.name, b.options.MaxSeries)
}

// ask shares requests and takes down what the server says is missing.
func (b *backend) ask(ctx context.Context, endpoint string, parameters url.Values) (*answer, error) {
	a, err := b.answers.do(ctx, endpoint+"?"+parameters.Encode(), func(ctx context.Context) (*answer, error) {
		return b.client.get(ctx, endpoint, parameters)
	})
	switch {
	case errors.Is(err, errClosed):
		return nil, fmt.Errorf("%s: %w", b.client.name, err)
	case err != nil && errors.Is(err, ctx.Err()):
		return nil, b.client.explain(ctx.Err())
	case err != nil:
		return nil, err
	}
	for _, warning := range a.warnings {
		b.notices.add(warning)
	}
	return a, nil
}

// LabelNames implements promtree.Backend.
func (b *backend) LabelNames(ctx context.Context, selector string, at time.Time) ([]string, error) {
	a, err := b.ask(ctx, "labels", url.Values{"match[]": {selector}, "start": {milliseconds(at.Add(-lookback))}, "end": {milliseconds(at)}})
	if err == nil && a.truncated {
		err = b.tooMany()
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.strings), nil // the answer is shared
}

// Notices implements tree.Noticer.
func (b *backend) Notices() []string { return b.notices.recent() }

// Close cuts off queries under way and waits for them.
func (b *backend) Close() {
	b.answers.close()
	b.client.http.CloseIdleConnections()
}

// Catalogue implements promtree.Backend. A server that will not count all series
// at once is asked for a list of names, and to count those a part at a time.
func (b *backend) Catalogue(ctx context.Context, at time.Time) (promtree.Catalogue, error) {
	counts, err := promtree.CountSeries(ctx, partial{b}, at)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		counts, err = b.countParts(ctx, at, err)
	}
	if err != nil {
		return promtree.Catalogue{}, err
	}
	return promtree.Catalogue{Series: counts, Declared: b.declared(ctx)}, nil
}

// partial is a backend whose instant answers may be cut at the limit, with notice.
type partial struct{ *backend }

func (p partial) Instant(ctx context.Context, query string, at time.Time) ([]promtree.Sample, error) {
	a, err := p.ask(ctx, "query", url.Values{"query": {query}, "time": {milliseconds(at)}, "timeout": {seconds(p.options.Timeout)}})
	if err != nil {
		return nil, err
	}
	if a.truncated {
		p.notices.add(fmt.Sprintf("only the first %d metric names are shown", p.options.MaxSeries))
	}
	return a.samples, nil
}

const (
	partNames = 200      // counted at once
	partBytes = 16 << 10 // of their names
	// lookback is how old the last sample of a current series may be.
	lookback = 5 * time.Minute
)

// countParts counts series by lists of names. why is the reason it is needed.
func (b *backend) countParts(ctx context.Context, at time.Time, why error) (map[string]int, error) {
	a, err := b.ask(ctx, "label/__name__/values", url.Values{"start": {milliseconds(at.Add(-lookback))}, "end": {milliseconds(at)}})
	if err != nil {
		return nil, err
	}
	if a.truncated {
		b.notices.add(fmt.Sprintf("only the first %d metric names are shown", b.options.MaxSeries))
	}
	counts := make(map[string]int, len(a.strings))
	missing, lastErr := 0, why
	for names := a.strings; len(names) > 0; {
		part := names[:partLength(names)]
		names = names[len(part):]
		counted, err := promtree.CountSeries(ctx, b, at, part...)
		if ctx.Err() != nil {
			return nil, b.client.explain(ctx.Err())
		}
		if err != nil {
			missing, lastErr = missing+len(part), err
			continue
		}
		for name, n := range counted {
			counts[name] = n
		}
	}
	if missing > 0 && len(counts) == 0 {
		return nil, lastErr
	}
	if missing > 0 {
		b.notices.add(fmt.Sprintf("%d metrics are not shown, because their series could not be counted: %v", missing, lastErr))
	}
	return counts, nil
}

// partLength is how many of the names to count at once, at least one.
func partLength(names []string) int {
	n, size := 0, 0
	for n < len(names) && n < partNames && (n == 0 || size+len(names[n]) < partBytes) {
		size += len(names[n])
		n++
	}
	return n
}

// declared is what the server's metadata says. Without it there is a notice, and
// kinds are inferred.
func (b *backend) declared(ctx context.Context) map[string]tree.Metadata {
	now := b.options.Now()
	b.mu.Lock()
	meta, age := b.meta, now.Sub(b.metaAt)
	b.mu.Unlock()
	if meta != nil && age >= 0 && age < metaKept {
		return meta
	}
	a, err := b.ask(ctx, "metadata", url.Values{})
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), b.client.name+": ")
		b.notices.add("kinds and units are inferred or as last known, because the metadata cannot be read: " + reason)
		return meta
	}
	if a.truncated {
		b.notices.add(fmt.Sprintf("only the first %d declarations are used; the other kinds are inferred", b.options.MaxSeries))
	}
	meta = a.meta
	if meta == nil {
		meta = map[string]tree.Metadata{} // known to be none
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.meta, b.metaAt = meta, now
	return meta
}
