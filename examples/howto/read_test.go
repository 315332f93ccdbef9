//go:build !metertree_off

package howto_test

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/queue"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
	"github.com/metertree/metertree/metric"
)

func Example_totalsOfALibrary() {
	m := metertest.New(t)
	scope := m.Scope().Scope("index")
	var flushed atomic.Int64 // which the library counts up
	err := scope.CounterFunc("flushed_bytes_total", func(o *meter.Observer) {
		o.Int(flushed.Load())
	}, meter.Unit("bytes"), meter.Help("Bytes written to disk."))

	flushed.Store(4096)
	fmt.Println(err)
	show(m, "index_")
	// Output:
	// <nil>
	// index_flushed_bytes_total 4096
}

// pool is a source: it knows nothing of metrics.
type pool struct{ open, idle int }

func (p *pool) Stats(context.Context) (sql.DBStats, error) {
	return sql.DBStats{InUse: p.open, Idle: p.idle}, nil
}

func Example_stateOfALibrary() {
	ctx := context.Background()
	rt, err := metertree.Start(ctx, metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(ctx)
	connections := &pool{open: 3, idle: 2}

	open := rt.Scope("db").Gauge("connections", meter.Keys("state"), meter.Fold(metric.FoldSum),
		meter.Help("Connections, by what they do."))
	_, err = rt.Refresher().Add("db", collect.State(connections.Stats, func(s sql.DBStats, out *collect.Gauges) {
		out.Set(open, float64(s.InUse), "used")
		out.Set(open, float64(s.Idle), "idle")
	}), collect.Schedule{TTL: 10 * time.Second, Timeout: time.Second})

	fmt.Println(err)
	printPage(rt, "db_")
	// Output:
	// <nil>
	// db_connections{state="idle"} 2
	// db_connections{state="used"} 3
}

// job is an item of a queue.
type job struct {
	work   func()
	ticket queue.Ticket
}

func Example_queueWait() {
	m := metertest.New(t)
	scope := m.Scope().Scope("queue")
	jobs := make(chan job, 16)
	meters, err := queue.New(scope, "mail")
	if err != nil {
		fmt.Println(err)
		return
	}
	select {
	case jobs <- job{func() {}, meters.Enqueued()}:
	default:
		meters.Rejected(queue.Full)
	}

	next := <-jobs
	meters.Dequeued(next.ticket)
	next.work()

	fmt.Println(m.Histogram("queue_wait_seconds", "queue", "mail").Count)
	// Output: 1
}

// withToken lets those pass who know the token.
func withToken(token string) func(http.Handler) http.Handler {
	return func(pages http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			given := r.Header.Get("Authorization")
			if subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+token)) == 0 {
				http.Error(w, "a token is needed", http.StatusUnauthorized)
				return
			}
			pages.ServeHTTP(w, r)
		})
	}
}

// certificates finds the one for a connection.
type certificates func(*tls.ClientHelloInfo) (*tls.Certificate, error)

func newServer(mux http.Handler, certificate certificates) *http.Server {
	return &http.Server{
		Addr:              ":8443",
		Handler:           mux,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate},
		ReadHeaderTimeout: 5 * time.Second,
	}
}

func Example_ownMux() {
	ctx := context.Background()
	token := "open sesame"

	rt, err := metertree.Start(ctx, metertree.Config{
		Listen:   metertree.NoListener,
		Security: metertree.Security{Guard: withToken(token)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(ctx)
	mux := http.NewServeMux()
	mux.Handle("/internal/", http.StripPrefix("/internal", rt.Handler()))

	server := newServer(mux, nil) // nobody connects here
	for _, header := range []string{"", "Bearer open sesame"} {
		request := httptest.NewRequest(http.MethodGet, "/internal/metrics", nil)
		request.Header.Set("Authorization", header)
		recorder := httptest.NewRecorder()
		server.Handler.ServeHTTP(recorder, request)
		fmt.Println(http.StatusText(recorder.Code))
	}
	// Output:
	// Unauthorized
	// OK
}
