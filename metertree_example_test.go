//go:build !metertree_off

package metertree_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
)

func ExampleStart() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	rt, err := metertree.Start(ctx, metertree.Config{Service: "checkout", Listen: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(ctx)

	tsdb := rt.Scope("storage").Scope("tsdb").With("shard", "0")
	flushed := tsdb.Counter("flushed_bytes_total", meter.Unit("bytes"),
		meter.Help("Bytes handed to the table."), meter.Keys("status"))
	flushed.Add(512, "ok")

	response, err := http.Get("http://" + rt.Addr().String() + "/metrics")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if line := lines.Text(); strings.Contains(line, "storage_") && !strings.HasPrefix(line, "metertree_") {
			fmt.Println(lines.Text())
		}
	}
	// Output:
	// # HELP storage_tsdb_flushed_bytes_total Bytes handed to the table.
	// # TYPE storage_tsdb_flushed_bytes_total counter
	// storage_tsdb_flushed_bytes_total{shard="0",status="ok"} 512
}

// Those who have a server of their own mount the handler there.
func ExampleRuntime_Handler() {
	rt, err := metertree.Start(context.Background(), metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())

	mux := http.NewServeMux()
	mux.Handle("/internal/", http.StripPrefix("/internal", rt.Handler()))
	fmt.Println("metrics are at /internal/metrics")
	// Output: metrics are at /internal/metrics
}
