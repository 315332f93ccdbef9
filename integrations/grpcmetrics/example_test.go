package grpcmetrics_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/metertree/metertree/integrations/grpcmetrics"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func Example() {
	reg := registry.New(registry.Options{})
	metrics, err := grpcmetrics.NewServer(meter.New(reg), grpcmetrics.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(metrics.UnaryInterceptor()),
		grpc.ChainStreamInterceptor(metrics.StreamInterceptor()))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	metrics.Announce(server)

	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != "grpc_server_started_total" {
			continue
		}
		for point := range family.Points {
			fmt.Println(point.Labels, point.Int)
		}
	}
	// Output:
	// method="Check",service="grpc.health.v1.Health",type="unary" 0
	// method="List",service="grpc.health.v1.Health",type="unary" 0
	// method="Watch",service="grpc.health.v1.Health",type="server_stream" 0
}
