package collect

import "context"

// Collector maps what a source tells to instruments. Make one with Events,
// State, Statistics or Probe, and add it to a Refresher. It may be added to
// several, or under several names; each then keeps series of its own.
type Collector struct {
	// read asks the source. What it returns is taken over if the run ends in time.
	read func(context.Context) ([]point, error)
	// failed returns what is known when a run failed; nil keeps what was known.
	failed func() []point
	// subscribe makes an event source fill the ledger; nil for the other kinds.
	subscribe func(name string, l *ledger) (cancel func(context.Context) error, err error)
}

// State makes a collector of gauges. Write maps what the source told; it is
// called in the goroutine of the run, and must not keep out. A series that it
// does not set any more ends.
func State[S any](source StateSource[S], write func(state S, out *Gauges)) Collector {
	return Collector{read: func(ctx context.Context) ([]point, error) {
		state, err := source(ctx)
		if err != nil {
			return nil, err
		}
		var out Gauges
		write(state, &out)
		return out.points, nil
	}}
}

// Statistics makes a collector of counters and gauges. It is as State, and in
// addition turns totals into counters; see Totals.
func Statistics[S any](source StatisticsSource[S], write func(statistics S, out *Totals)) Collector {
	return Collector{read: func(ctx context.Context) ([]point, error) {
		statistics, err := source(ctx)
		if err != nil {
			return nil, err
		}
		var out Totals
		write(statistics, &out)
		return out.points, nil
	}}
}

// Events makes a collector of counters and histograms. Handle maps one event; it
// is called as the source says, and must not keep out. Nothing is read at
// collections, so the collector has no runs.
func Events[E any](source EventSource[E], handle func(event E, out *Updates)) Collector {
	return Collector{subscribe: func(name string, l *ledger) (func(context.Context) error, error) {
		out := &Updates{ledger: l}
		return source(name, func(event E) { handle(event, out) })
	}}
}
