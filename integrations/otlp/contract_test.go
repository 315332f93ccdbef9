package otlp_test

import (
	"context"
	"net/http"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrations/otlp"
)

func TestExporterKeepsTheContract(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		exporttest.Check(t, func(t *testing.T) exporttest.Subject {
			f := newReceiver(t, p)
			return exporttest.Subject{
				Exporter:  newExporter(t, p, f),
				Delivered: f.all,
				Break:     func() func() { return f.fail(http.StatusInternalServerError, codes.Internal) },
				Stall:     f.stall,
			}
		})
	})
}

// fail makes the receiver fail every request until mend is called.
func (f *receiver) fail(httpStatus int, code codes.Code) (mend func()) {
	f.set(func() {
		f.serve = func(_ int, w http.ResponseWriter, _ *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			w.WriteHeader(httpStatus)
			return true
		}
		f.answer = func(int, context.Context, *collector.ExportMetricsServiceRequest) error {
			return status.Error(code, "broken")
		}
	})
	return f.mend
}

// stall makes the receiver answer nothing until resume is called.
func (f *receiver) stall() (resume func()) {
	f.set(func() {
		f.serve = func(_ int, _ http.ResponseWriter, r *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			<-r.Context().Done()
			return true
		}
		f.answer = func(_ int, ctx context.Context, _ *collector.ExportMetricsServiceRequest) error {
			<-ctx.Done()
			return ctx.Err()
		}
	})
	return f.mend
}

func (f *receiver) mend() { f.set(func() { f.serve, f.answer = nil, nil }) }
