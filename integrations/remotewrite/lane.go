package remotewrite

import (
	"fmt"

	"github.com/klauspost/compress/snappy"

	"github.com/metertree/metertree/integrations/internal/push"
)

// lane sends the requests of some of the series, one after the other.
type lane struct {
	exporter *Exporter
	delivery *delivery
	// pending is the request that is being made, and other the one that is being
	// sent, or was.
	pending, other *request
	work           chan *request

	// What follows is the sender's until it has ended.
	encoder    encoder
	compressed []byte
	outcome    push.Outcome
}

func newLane(e *Exporter) *lane {
	return &lane{exporter: e, pending: new(request), other: new(request)}
}

// begin starts a batch.
func (l *lane) begin(d *delivery) {
	l.delivery, l.work = d, make(chan *request)
	l.outcome = push.Outcome{}
	l.pending.reset(d.time)
}

// room returns the request to which to add n series, or nil if there is no use.
func (l *lane) room(n int) *request {
	full := len(l.pending.entries)+n > int(l.exporter.most.Load()) || l.pending.size >= l.exporter.options.MaxBytes
	if full && len(l.pending.entries) > 0 {
		l.hand()
	}
	if l.delivery.ctx.Err() != nil {
		return nil
	}
	return l.pending
}

// hand hands the request over to the sender, which is done with the last one as
// soon as it takes it.
func (l *lane) hand() {
	l.work <- l.pending
	l.pending, l.other = l.other, l.pending
	l.pending.reset(l.delivery.time)
}

// flush hands over what is left.
func (l *lane) flush() {
	if len(l.pending.entries) > 0 {
		l.hand()
	}
}

// run sends requests until there are no more. After an error it only takes them.
func (l *lane) run() {
	for r := range l.work {
		if l.outcome.Failed != nil || l.delivery.ctx.Err() != nil {
			continue
		}
		if l.outcome.Failed = l.guarded(r.whole()); l.outcome.Failed != nil {
			l.delivery.cancel()
		}
	}
}

// panicked is the error of a request on which the client panicked.
type panicked struct{ value any }

// Error implements error.
func (p panicked) Error() string { return fmt.Sprintf("panicked: %v", p.value) }

// guarded delivers a portion. A panic, which may be that of a transport, is an
// error, for the goroutine of Export to panic with.
func (l *lane) guarded(p portion) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{v}
		}
	}()
	return l.deliver(p)
}

// deliver writes a portion, in several requests if it has to. It returns an error
// if the batch has to be repeated; samples that will never be taken it notes.
func (l *lane) deliver(p portion) error {
	v := l.exporter.speaks()
	a, err := l.post(p, v)
	if err != nil {
		return err
	}
	if v == Version2 && l.exporter.fallsBack(a) {
		return l.fallBack(p, a)
	}
	return l.judge(p, v, a)
}

// post sends a portion and returns the answer.
func (l *lane) post(p portion, v Version) (*answer, error) {
	l.compressed = snappy.Encode(l.compressed[:cap(l.compressed)], l.encoder.encode(p, v))
	a, err := l.exporter.client.post(l.delivery.outer, l.delivery.ctx, message{l.compressed, v, p.tell})
	if err != nil {
		return nil, err
	}
	if a.confirms && v == Version2 {
		l.exporter.version.CompareAndSwap(uint32(Negotiate), uint32(Version2))
	}
	return a, nil
}

// fallsBack reports whether an answer to version 2 is that of a receiver that may
// know version 1 only: it says so, or it does not say what it has written, or, if
// it was never asked before, it finds something wrong with what it cannot read.
func (e *Exporter) fallsBack(a *answer) bool {
	if e.options.Version != Negotiate || a.confirms {
		return false
	}
	unknown := Version(e.version.Load()) == Negotiate
	return a.unsupported() || a.Verdict == push.Accepted || a.Verdict == push.Invalid && a.Code == 400 && unknown
}

// fallBack writes in version 1, and stays with it if that is understood.
func (l *lane) fallBack(p portion, first *answer) error {
	a, err := l.post(p, Version1)
	if err != nil {
		return err
	}
	switch {
	case a.Verdict == push.Accepted, a.Verdict == push.TooLarge, a.Verdict == push.Invalid && first.Verdict != push.Invalid:
		l.exporter.version.Store(uint32(Version1))
	case first.Verdict == push.Invalid:
		return l.judge(p, Version2, first)
	}
	return l.judge(p, Version1, a)
}

// judge does what follows from an answer.
func (l *lane) judge(p portion, v Version, a *answer) error {
	switch a.Verdict {
	case push.Accepted:
		return l.accept(p, v, a)
	case push.Invalid:
		l.note(p, min(a.samples, len(p.entries)), a)
		return nil
	case push.TooLarge:
		return l.divide(p, a)
	}
	if a.unsupported() {
		l.exporter.startOver(a)
	}
	l.exporter.counts.Failures.Add(1)
	return a
}

// startOver has the next batch begin to negotiate again, if it may: a receiver
// that knew a version may have been replaced.
func (e *Exporter) startOver(a *answer) {
	a.Hint = "the receiver does not know the version: let the exporter Negotiate"
	if e.options.Version == Negotiate {
		a.Hint = "the receiver knows this version of remote write no more, or none: check the address if it stays so"
		e.version.Store(uint32(Negotiate))
	}
}

// accept notes what is written of a portion that was taken.
func (l *lane) accept(p portion, v Version, a *answer) error {
	switch {
	case v == Version1 || a.samples >= len(p.entries):
		l.note(p, len(p.entries), nil)
	case !a.confirms:
		l.exporter.counts.Failures.Add(1)
		a.Hint = "it does not say what it has written, as version 2.0 has it: let the exporter Negotiate"
		return a
	default:
		a.Hint = "it has written less than it was given"
		l.note(p, a.samples, a)
	}
	return nil
}

// divide writes the halves of what is too large at once, and makes further
// requests no larger.
func (l *lane) divide(p portion, a *answer) error {
	if len(p.entries) == 1 {
		l.note(p, 0, a)
		return nil
	}
	l.exporter.counts.Split.Add(1)
	first, second := p.halves()
	l.exporter.shrink(len(first.entries))
	if err := l.deliver(first); err != nil {
		return err
	}
	return l.deliver(second)
}

// minSamples is how few samples requests have when the receiver finds them too
// large.
const minSamples = 16

// shrink makes requests smaller.
func (e *Exporter) shrink(samples int) {
	for {
		most := e.most.Load()
		if int64(max(samples, minSamples)) >= most || e.most.CompareAndSwap(most, int64(max(samples, minSamples))) {
			return
		}
	}
}

// note notes that only so many samples of a portion are written, and why if it
// is not all.
func (l *lane) note(p portion, written int, why *answer) {
	c := &l.exporter.counts
	rejected := len(p.entries) - written
	c.Delivered.Add(uint64(written))
	c.Rejected.Add(uint64(rejected))
	c.ends.Add(uint64(p.settle()))
	if why == nil {
		return
	}
	c.Failures.Add(1)
	l.outcome.Reject(rejected, why)
}
