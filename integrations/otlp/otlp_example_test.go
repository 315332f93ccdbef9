package otlp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
)

// A program exports its metrics, the last time when it ends.
func Example() {
	backend := httptest.NewServer(http.HandlerFunc(show))
	defer backend.Close()
	endpoint := backend.URL // such as http://collector:4318
	ctx := context.Background()

	exporter, err := otlp.New(ctx, otlp.Options{Endpoint: endpoint})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(ctx, metertree.Config{
		Service: "checkout",
		Listen:  metertree.NoListener,
		Exporters: []metertree.Exporter{
			{Name: "otlp", Exporter: exporter, Temporality: exporter.Temporality()},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	orders := rt.Scope("shop").Counter("orders_total", meter.Keys("state"), meter.Help("Orders taken."))
	orders.Add(2, "paid")
	orders.Add(1, "returned")
	if err := rt.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("rejected:", exporter.Stats().RejectedPoints)
	// Output:
	// shop_orders_total state=paid 2
	// shop_orders_total state=returned 1
	// rejected: 0
}

// show prints one metric of what comes.
func show(_ http.ResponseWriter, r *http.Request) {
	var request collector.ExportMetricsServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil {
		fmt.Println(err)
	}
	for _, m := range request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		if m.GetName() != "shop_orders_total" {
			continue
		}
		for _, p := range m.GetSum().GetDataPoints() {
			label := p.GetAttributes()[0]
			fmt.Printf("%s %s=%s %d\n", m.GetName(), label.GetKey(), label.GetValue().GetStringValue(), p.GetAsInt())
		}
	}
}

// The exporter's own figures are exported like all others.
func ExampleExporter_Stats() {
	ctx := context.Background()
	exporter, err := otlp.New(ctx, otlp.Options{Endpoint: "http://collector:4318"})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(ctx, metertree.Config{Listen: metertree.NoListener})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = rt.Scope("otlp").CounterFunc("rejected_points_total", func(o *meter.Observer) {
		o.Int(int64(exporter.Stats().RejectedPoints))
	}, meter.Help("Data points that the OTLP backend will never take."))
	fmt.Println(err, rt.Close(ctx))
	// Output: <nil> <nil>
}
