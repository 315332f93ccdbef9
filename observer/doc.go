// Package observer tells people what a running program is doing now: what it was
// built from, how its process and the Go runtime are, and how the health of its
// components stands. It is made for looking, one page at a time, and shares no
// output with the metrics that machines scrape.
//
// A component is registered with a function that tells its status on demand:
//
//	components.Add("store", func(ctx context.Context) observer.Status {
//		if err := store.Ping(ctx); err != nil {
//			return observer.Failing(err)
//		}
//		return observer.Healthy("3 shards open")
//	})
//
// or, where the component knows its status before anyone asks, with a Reported,
// or, where its operations fail now and then, with a Window over their outcomes.
package observer
