package doctest

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// shopService is the service that pages ask at port 2121: a shop, with the metrics
// and the ratio that docs/cli.md shows, and requests over HTTP.
func shopService([]string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rt, err := metertree.Start(ctx, metertree.Config{Service: "shop", Listen: at("2121")})
	if err != nil {
		return err
	}
	sells(rt.Scope("shop"))
	rt.Scope("http").Counter("requests_total", meter.Keys("code"), meter.Help("Requests over HTTP.")).Add(5, "200")
	if err := meter.Ratio(rt.Scope("shop"), "call_error_ratio", calls(rt.Scope("shop")),
		meter.Where("status", "error"), meter.Role(metric.RoleErrors), meter.Help("Calls that failed among all calls.")); err != nil {
		return errors.Join(err, rt.Close(context.Background()))
	}
	<-ctx.Done()
	return rt.Close(context.Background())
}

func calls(shop meter.Scope) meter.Counter {
	return shop.Counter("calls_total", meter.Keys("operation", "region", "status"),
		meter.Role(metric.RoleTraffic), meter.Help("Calls by what was asked, where, and how it ended."))
}

// sells does what a shop does.
func sells(shop meter.Scope) {
	for i, operation := range []string{"get", "list", "put"} {
		for j, region := range []string{"ap", "eu", "us"} {
			calls(shop).Add(int64(1000*(3-i)+10*j), operation, region, "ok")
			calls(shop).Add(int64(5+i+10*j), operation, region, "error")
		}
	}
	workers := shop.UpDownCounter("workers", meter.Keys("state"), meter.Help("Workers by what they are doing."))
	workers.Add(14, "busy")
	workers.Add(5, "idle")
}
