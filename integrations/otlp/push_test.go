package otlp_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/metertree/metertree/control"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/metric"
)

// newPush returns a controller that exports only when it is told.
func newPush(t *testing.T, w *workload, e *otlp.Exporter) *control.Push {
	t.Helper()
	in, err := integrate.New(w.registry, integrate.Options{Temporality: metric.Delta})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	push, err := control.NewPush(control.PushOptions{
		Period: time.Hour, Jitter: -1,
		Targets: []control.Target{{Name: "otlp", Exporter: e, Integrator: in}},
	})
	if err != nil {
		t.Fatal(err)
	}
	push.Start()
	return push
}

// What was not delivered while the backend was down is delivered at the end.
func TestShutdownDeliversWhatIsPending(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		mend := f.fail(http.StatusInternalServerError, codes.Internal)
		w := newWorkload(1)
		push := newPush(t, w, newExporter(t, p, f))
		w.update(100)
		mustSay(t, push.Flush(t.Context()), f.url)
		w.update(100)
		mend()
		if err := push.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		w.mustBeIn(t, f.taken(), metric.Delta)
	})
}

// A backend that hangs does not keep a program from ending.
func TestShutdownWithABackendThatHangs(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		f.stall()
		w := newWorkload(1)
		push := newPush(t, w, newExporter(t, p, f))
		w.update(100)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		mustSay(t, push.Shutdown(ctx), `target "otlp"`)
		// It waits again, if the exporter was left behind.
		mustSay(t, push.Shutdown(context.Background()), f.url)
	})
}
