package otelapi_test

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/otelapi"
	ours "github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// show writes the metrics made through the API.
func show(r *registry.Registry) {
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Scope != nil && f.Descriptor.Scope[0] == "metertree" {
			continue
		}
		for p := range f.Points {
			value := p.Float
			if f.Descriptor.Number == ours.Int64 {
				value = float64(p.Int)
			}
			fmt.Printf("%s{%s} %v\n", f.Descriptor.Name, p.Labels, value)
		}
	}
}

func Example() {
	reg := registry.New(registry.Options{})
	provider, err := otelapi.New(reg, otelapi.Options{ErrorHandler: func(err error) { fmt.Fprintln(os.Stderr, err) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	// otel.SetMeterProvider(provider)
	meter := provider.Meter("example.com/shop")

	orders, err := meter.Int64Counter("shop.orders", metric.WithUnit("{order}"), metric.WithDescription("Orders taken."))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	paid := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "paid")))
	orders.Add(ctx, 2, paid)
	orders.Add(ctx, 1, metric.WithAttributes(attribute.String("state", "failed"), attribute.Int("error.code", 402)))

	_, err = prometheus.Write(ctx, os.Stdout, func(yield func(*ours.Family) bool) {
		for f := range reg.Collect(ctx) {
			if f.Descriptor.Name == "shop_orders_total" && !yield(f) {
				return
			}
		}
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// # HELP shop_orders_total Orders taken.
	// # TYPE shop_orders_total counter
	// shop_orders_total{error_code="",otel_scope_name="example.com/shop",state="paid"} 2
	// shop_orders_total{error_code="402",otel_scope_name="example.com/shop",state="failed"} 1
}

func ExampleProvider_Meter_callback() {
	reg := registry.New(registry.Options{})
	provider, err := otelapi.New(reg, otelapi.Options{Scopes: otelapi.NoScopes})
	if err != nil {
		fmt.Println(err)
		return
	}
	meter := provider.Meter("example.com/shop")
	depth, _ := meter.Int64ObservableGauge("queue.depth")
	oldest, _ := meter.Float64ObservableGauge("queue.age", metric.WithUnit("s"))
	queues := map[string]int64{"mail": 3, "print": 0}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for name, waiting := range queues {
			queue := metric.WithAttributes(attribute.String("queue", name))
			o.ObserveInt64(depth, waiting, queue)
			o.ObserveFloat64(oldest, float64(waiting)/2, queue)
		}
		return nil
	}, depth, oldest)
	if err != nil {
		fmt.Println(err)
		return
	}
	show(reg)
	if err := registration.Unregister(); err != nil {
		fmt.Println(err)
	}
	show(reg)
	// Output:
	// queue_age_seconds{queue="mail"} 1.5
	// queue_age_seconds{queue="print"} 0
	// queue_depth{queue="mail"} 3
	// queue_depth{queue="print"} 0
}

// A bound instrument is the fastest, and a finished series is shown no longer.
func ExampleProvider_Meter_bound() {
	reg := registry.New(registry.Options{})
	provider, err := otelapi.New(reg, otelapi.Options{Scopes: otelapi.NoScopes})
	if err != nil {
		fmt.Println(err)
		return
	}
	counter, _ := provider.Meter("example.com/shop").Int64Counter("orders")
	shop := attribute.String("shop", "corner")
	corner := counter.(x.Int64CounterBinder).Bind(shop)
	corner.Add(context.Background(), 1)
	corner.Add(context.Background(), 2, metric.WithAttributes(attribute.Bool("online", true)))
	show(reg)

	counter.(x.Finisher).Finish(context.Background(), shop)
	for range 2 {
		reg.Refresh(context.Background())
		for f := range reg.Collect(context.Background()) {
			for range f.Points {
				continue
			}
		}
	}
	show(reg)
	// Output:
	// orders_total{online="",shop="corner"} 1
	// orders_total{online="true",shop="corner"} 2
	// orders_total{online="true",shop="corner"} 2
}
