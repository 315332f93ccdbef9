package remotewrite_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/integrations/remotewrite"
	"github.com/metertree/metertree/meter"
)

// storage is a receiver made of Prometheus's own handler.
type storage struct{ version chan remote.WriteMessageType }

func (s storage) Store(r *http.Request, version remote.WriteMessageType) (*remote.WriteResponse, error) {
	select {
	case s.version <- version:
	default:
	}
	response := remote.NewWriteResponse()
	// It says that it has written as much as there can be.
	response.Samples = 1 << 20
	return response, nil
}

func receiver(versions ...remote.WriteMessageType) (*httptest.Server, storage) {
	s := storage{make(chan remote.WriteMessageType, 1)}
	return httptest.NewServer(remote.NewWriteHandler(s, versions)), s
}

func Example() {
	server, stored := receiver(remote.WriteV1MessageType, remote.WriteV2MessageType)
	defer server.Close()

	exporter, err := remotewrite.New(server.URL+"/api/v1/write", remotewrite.Options{
		ExternalLabels: map[string]string{"job": "checkout", "instance": "a:2121"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen:    metertree.NoListener,
		Exporters: []metertree.Exporter{{Name: "prometheus", Exporter: exporter}},
		Period:    15 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt.Scope("app").Counter("calls_total", meter.Keys("status")).Add(3, "ok")
	// What is recorded at the end is exported too.
	if err := rt.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-stored.version, exporter.Stats().Version)
	// Output: io.prometheus.write.v2.Request 2.0
}

// A receiver that knows version 1 only is spoken to in it.
func ExampleNew_negotiation() {
	server, stored := receiver(remote.WriteV1MessageType)
	defer server.Close()

	exporter, err := remotewrite.New(server.URL, remotewrite.Options{
		Client: &http.Client{Transport: remotewrite.BasicAuth(nil, "metrics", "…")},
		Header: http.Header{"X-Scope-Orgid": {"shop"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen:    metertree.NoListener,
		Exporters: []metertree.Exporter{{Name: "mimir", Exporter: exporter}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := rt.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-stored.version, exporter.Stats().Version)
	// Output: prometheus.WriteRequest 1.0
}
