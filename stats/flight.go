package stats

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// flight is a query that is under way, for all who ask the same.
type flight struct {
	registry *Registry
	query    Query
	question string
	// parameters are not written.
	parameters url.Values
	// ctx is the query's; cancel is called when nobody waits any more.
	ctx    context.Context
	cancel context.CancelFunc
	// over is closed when reply is set.
	over  chan struct{}
	reply reply
	// waiting is how many wait for it; guarded by the registry's lock.
	waiting int
}

// ask answers a query whose parameters were read: from what is kept, or together
// with others who ask the same, or by running it if there is a free place.
func (r *Registry) ask(ctx context.Context, q Query, parameters url.Values) reply {
	question := q.Name + "?" + parameters.Encode()
	r.mu.Lock()
	if kept, ok := r.kept.get(question, r.options.Now()); ok {
		r.mu.Unlock()
		return kept
	}
	f := r.flights[question]
	if f == nil {
		f = r.launchLocked(q, question, parameters)
	}
	if f == nil {
		r.mu.Unlock()
		return newFailure(http.StatusServiceUnavailable,
			fmt.Errorf("%d queries are running already: retry later", r.options.MaxConcurrent))
	}
	f.waiting++
	r.mu.Unlock()
	defer f.leave()
	return f.wait(ctx)
}

// launchLocked runs a query if there is a free place, or else returns nil.
func (r *Registry) launchLocked(q Query, question string, parameters url.Values) *flight {
	select {
	case r.slots <- struct{}{}:
	default:
		return nil
	}
	f := &flight{registry: r, query: q, question: question, parameters: parameters, over: make(chan struct{})}
	// Not the asker's context: others may join.
	f.ctx, f.cancel = context.WithTimeout(context.Background(), q.Timeout)
	r.flights[question] = f
	go f.run()
	return f
}

// run is the goroutine of a flight. Its place is free again when the query has
// ended, not when everyone has given up.
func (f *flight) run() {
	defer f.cancel()
	// Deferred, because the query may end the goroutine.
	f.reply = newFailure(http.StatusInternalServerError, fmt.Errorf("query %q ended its goroutine", f.query.Name))
	defer f.land()
	f.reply = f.guarded()
}

// guarded makes a reply of a panic.
func (f *flight) guarded() (r reply) {
	defer func() {
		if cause := recover(); cause != nil {
			r = newFailure(http.StatusInternalServerError, fmt.Errorf("query %q panicked: %v", f.query.Name, cause))
		}
	}()
	value, err := f.query.Run(f.ctx, f.parameters)
	var wrong parameterError
	switch {
	case errors.As(err, &wrong):
		return newFailure(http.StatusBadRequest, err)
	case f.ctx.Err() != nil:
		return f.late()
	case err != nil:
		return newFailure(http.StatusInternalServerError, fmt.Errorf("query %q: %w", f.query.Name, err))
	}
	return newReply(http.StatusOK, value)
}

// late is the reply to those who waited in vain.
func (f *flight) late() reply {
	return newFailure(http.StatusGatewayTimeout,
		fmt.Errorf("query %q did not end within %v: ask for less", f.query.Name, f.query.Timeout))
}

// land keeps a good reply and lets the next run begin.
func (f *flight) land() {
	r := f.registry
	now := r.options.Now()
	f.reply.at = now
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.reply.status == http.StatusOK && f.query.TTL > 0 {
		f.reply.until = now.Add(f.query.TTL)
		r.kept.put(f.question, f.reply, now)
	}
	f.forgetLocked()
	<-r.slots
	close(f.over)
}

// forgetLocked lets nobody join any more.
func (f *flight) forgetLocked() {
	if f.registry.flights[f.question] == f {
		delete(f.registry.flights, f.question)
	}
}

// wait returns the reply, or why there is none when the time is up or the asker
// gone.
func (f *flight) wait(ctx context.Context) reply {
	select {
	case <-f.over:
		return f.reply
	case <-ctx.Done():
		return f.late()
	case <-f.ctx.Done():
	}
	// A query that ends when its context does tells more.
	grace := time.NewTimer(f.query.Timeout / 10)
	defer grace.Stop()
	select {
	case <-f.over:
		return f.reply
	case <-ctx.Done():
	case <-grace.C:
	}
	return f.late()
}

// leave is called by everyone who waited. The last one ends the query; who asks
// the same from then on asks anew. A query whose time is up is not asked anew
// before it has ended.
func (f *flight) leave() {
	r := f.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && f.ctx.Err() == nil {
		f.forgetLocked()
		f.cancel()
	}
}
