//go:build !metertree_off

package metertree

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A listener that fails later ends serving, loudly, and Close says so.
func TestServingEndsEarly(t *testing.T) {
	var log bytes.Buffer
	rt, err := Start(t.Context(), Config{
		Listen: "127.0.0.1:0",
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.listener.Close(); err != nil {
		t.Fatal(err)
	}
	<-rt.Done()
	if !strings.Contains(log.String(), "no longer served") {
		t.Errorf("log: %q", log.String())
	}
	err = rt.Close(context.Background())
	if err == nil || !strings.Contains(err.Error(), rt.Addr().String()) {
		t.Errorf("Close: %v", err)
	}
	recorder := httptest.NewRecorder()
	rt.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/-/ready", nil))
	if recorder.Code != http.StatusServiceUnavailable {
		t.Errorf("ready afterwards: got %d", recorder.Code)
	}
}

func TestDefaults(t *testing.T) {
	var c Config
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":2121" || c.Grace != DefaultGrace || !strings.Contains(c.Service, "metertree") {
		t.Errorf("got %+v", c)
	}
}
