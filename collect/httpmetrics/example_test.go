package httpmetrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/metertree/metertree/collect/httpmetrics"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func ExampleServer_Wrap() {
	reg := registry.New(registry.Options{})
	metrics, err := httpmetrics.NewServer(meter.New(reg), httpmetrics.ServerOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "item ", r.PathValue("id"))
	})
	handler := metrics.Wrap(mux)
	for _, path := range []string{"/items/1", "/items/2", "/nowhere"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	show(reg, "http_server_requests_total")
	// Output:
	// method="GET",route="/items/{id}",status="2xx" 2
	// method="GET",route="__unmatched__",status="4xx" 1
}

func ExampleClient_Transport() {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()

	reg := registry.New(registry.Options{})
	metrics, err := httpmetrics.NewClient(meter.New(reg), httpmetrics.ClientOptions{
		Peer: httpmetrics.Peers("api.example.com"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: metrics.Transport(nil)}
	response, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	show(reg, "http_client_requests_total")
	// Output: method="GET",peer="__unknown__",status="2xx" 1
}

// show prints the series of a counter.
func show(reg *registry.Registry, name string) {
	for family := range reg.Collect(context.Background()) {
		if family.Descriptor.Name != name {
			continue
		}
		for point := range family.Points {
			fmt.Println(point.Labels, point.Int)
		}
	}
}
