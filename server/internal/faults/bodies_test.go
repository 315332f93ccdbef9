//go:build linux

package faults

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// trickle pushes a body of 1 MiB, of which so much comes at once, and from then on
// a byte each second; and does it again when it is refused.
func trickle(ctx context.Context, address string, atOnce int, begun *atomic.Int64) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		c, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err == nil {
			_, err = fmt.Fprintf(c, "POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n%s", 1<<20, strings.Repeat("x", atOnce))
			begun.Add(1)
		}
		for err == nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
				_, err = c.Write([]byte("x"))
			}
		}
		if c != nil {
			_ = c.Close()
		}
		if err != nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}

func slowBodies(t *trial, s size) string {
	const limit, places = 256, 2
	server := serveWithin(t, limit, "--storage.path="+dataDir(t), "--no-scrape.self", fmt.Sprintf("--web.max-write-concurrency=%d", places))
	senders := s.pick(100, 400)
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	var begun atomic.Int64
	address := strings.TrimPrefix(server.Process.URL, "http://")
	for i := range senders {
		// Every other one sends nearly all of it, to take as much memory as it can.
		atOnce := i % 2 * (1<<20 - 10_000)
		group.Go(func() { trickle(ctx, address, atOnce, &begun) })
	}
	apitest.Eventually(t, time.Minute, func() (bool, string) {
		n := begun.Load()
		return n >= int64(senders), fmt.Sprintf("%d bodies have begun", n)
	})
	acked, told := make(map[int64]bool), map[int]int{}
	begin := time.Now().Add(-time.Hour).UnixMilli()
	for i := range s.pick(100, 2000) {
		at := begin + int64(i)
		status, err := sendRemoteWrite(server.Client, "beside", at)
		if err != nil {
			t.Fatal(err)
		}
		told[status]++
		acked[at] = status == http.StatusNoContent
	}
	if len(told) != 1 || told[http.StatusNoContent] == 0 {
		t.Errorf("pushes beside the slow ones were answered %v", told)
	}
	if lost := missingFrom(server.values(t, `beside{i="0"}`), acked); lost > 0 {
		t.Errorf("%d of %d batches are lost", lost, len(acked))
	}
	if s == full {
		// When they have been given up, they come again.
		apitest.Eventually(t, 2*time.Minute, func() (bool, string) {
			return server.metric(t, "metertree_ingest_refused_requests_total") > 0, "no slow body was given up"
		})
	}
	own := server.memory(t, "RssAnon")
	if own > limit+codeMemory {
		t.Errorf("%d MiB of memory of its own with a limit of %d MiB", own, limit)
	}
	return fmt.Sprintf("%d senders of 1 MiB, of which half send most of it at once, then all a byte a second, with %d places for work: each of %d pushes beside them taken; limit %d MiB, %d MiB of its own", senders, places, len(acked), limit, own)
}
