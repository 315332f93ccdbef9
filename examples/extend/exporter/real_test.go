package exporter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/examples/extend/exporter"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
)

// TestARealReceiver: VictoriaMetrics takes what is sent, with the labels, and
// closes the connection as Export expects it.
func TestARealReceiver(t *testing.T) {
	binary := realserver.Find(t, "victoria-metrics")
	dir, graphite := t.TempDir(), ""
	server := realserver.Start(t, "/health", func(address string) *exec.Cmd {
		graphite = realserver.FreeAddress(t)
		return exec.Command(binary, "-storageDataPath="+filepath.Join(dir, "data"), "-httpListenAddr="+address,
			"-graphiteListenAddr="+graphite, "-retentionPeriod=1d", "-loggerLevel=ERROR")
	})
	keys := []string{"operation"}
	calls := &metric.Family{
		Descriptor: metric.Descriptor{Name: "app_calls_total", Kind: metric.Counter, Keys: keys}, Keys: keys,
		Points: slices.Values([]*metric.Point{{Labels: metric.EncodeLabels(keys, []string{"get"}), Int: 5}}),
	}
	e := newExporter(t, exporter.Options{Address: graphite, Prefix: "prod."})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	batch := &export.Batch{Time: time.Now(), Families: slices.Values([]*metric.Family{calls})}
	if err := e.Export(ctx, batch); err != nil {
		t.Fatal(err)
	}
	question := server.URL + "/api/v1/export?match[]=" + url.QueryEscape(`{operation="get"}`)
	err := realserver.Eventually(ctx, time.Minute, func(ctx context.Context) error {
		return shown(ctx, question, "prod.app_calls_total", 5)
	})
	if err != nil {
		t.Error(err)
	}
}

// shown asks for a series and returns an error unless it has the name and value.
func shown(ctx context.Context, question, name string, value float64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, question, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var series struct {
		Metric map[string]string `json:"metric"`
		Values []float64         `json:"values"`
	}
	if err := json.NewDecoder(response.Body).Decode(&series); err != nil {
		return fmt.Errorf("%s: nothing is there yet: %w", response.Status, err)
	}
	if series.Metric["__name__"] != name || !slices.Equal(series.Values, []float64{value}) {
		return fmt.Errorf("stored is %+v, want %s with %v", series, name, value)
	}
	return nil
}
