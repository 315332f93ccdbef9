//go:build metertree_off

package metertree_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
)

func get(rt *metertree.Runtime, path string) (code int, body string) {
	recorder := httptest.NewRecorder()
	rt.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder.Code, recorder.Body.String()
}

func TestStartDoesNotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	rt, err := metertree.Start(t.Context(), metertree.Config{Service: "checkout", Listen: taken.Addr().String()})
	if err != nil {
		t.Fatalf("an address that is taken matters: %v", err)
	}
	if rt.Addr() != nil {
		t.Errorf("Addr = %v, want nil", rt.Addr())
	}
	calls := rt.Scope("shop").Counter("calls_total", meter.Keys("operation"))
	calls.Inc("put")
	if calls.Enabled() || rt.Scope("shop").Enabled() {
		t.Error("an instrument or a scope says it is enabled")
	}
	code, body := get(rt, "/metrics")
	if code != http.StatusOK {
		t.Errorf("/metrics: got %d", code)
	}
	for _, unwanted := range []string{"shop_calls_total", "go_goroutines", "process_", "metertree_build_info"} {
		if strings.Contains(body, unwanted) {
			t.Errorf("/metrics shows %s:\n%s", unwanted, body)
		}
	}
	if _, body := get(rt, "/api/v1/observer/?format=text"); !strings.Contains(body, "compiled out") {
		t.Errorf("the observer does not say that metrics are compiled out:\n%s", body)
	}
	for _, path := range []string{"/", "/-/healthy", "/-/ready", "/api/v1/stats/series"} {
		if code, body := get(rt, path); code != http.StatusOK {
			t.Errorf("%s: got %d %s", path, code, body)
		}
	}
	for range 2 {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if code, _ := get(rt, "/-/ready"); code != http.StatusServiceUnavailable {
		t.Errorf("ready after Close: got %d", code)
	}
}

// A goroutine that waited for the context's end or for Close would be reported
// as a deadlock of the bubble.
func TestStartLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := metertree.Start(context.Background(), metertree.Config{}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheContextEndsARuntimeThatIsCompiledOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		rt, err := metertree.Start(ctx, metertree.Config{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-rt.Done():
			t.Error("Done before the end")
		default:
		}
		cancel()
		<-rt.Done()
		if code, _ := get(rt, "/-/ready"); code != http.StatusServiceUnavailable {
			t.Errorf("ready after the end: got %d", code)
		}
		if err := rt.Close(t.Context()); err != nil {
			t.Errorf("Close afterwards: %v", err)
		}
	})
}

func TestConfigIsStillChecked(t *testing.T) {
	if _, err := metertree.Start(t.Context(), metertree.Config{SeriesBudget: -1}); err == nil {
		t.Error("a negative budget was accepted")
	}
}
