package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/golang/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/gateway/durable"
	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// A script that learns to say when it began is no second process.
func TestTextLearnsItsStart(t *testing.T) {
	path := t.TempDir()
	g := start(t, path)
	began := fmt.Sprint("?start=", time.Now().Add(-time.Minute).Unix())
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "us_total 3\n")
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x"+began, "us_total 4\n")
	g.wantExposed(t, map[string]string{`us_total{job="x"}`: "4"})
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "us_total 5\n")
	g.crash(t)
	g = start(t, path)
	g.wantExposed(t, map[string]string{`us_total{job="x"}`: "5"})
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x"+began, "us_total 6\n")
	g.wantExposed(t, map[string]string{`us_total{job="x"}`: "6"})
}

// A writer that learns its start after the first sample is no second process.
func TestRemoteWriteLearnsItsStart(t *testing.T) {
	g := start(t, t.TempDir())
	now := time.Now().UnixMilli()
	for i, created := range []int64{0, now - 10_000, 0, now - 10_000} {
		request := writev2.Request{
			Symbols: []string{"", "__name__", "calls_total", "instance", "a"},
			Timeseries: []*writev2.TimeSeries{{
				LabelsRefs: []uint32{1, 2, 3, 4}, CreatedTimestamp: created,
				Samples: []*writev2.Sample{{Value: float64(i + 3), Timestamp: now - 5000 + int64(i)}},
			}},
		}
		body, err := request.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		g.want(t, http.StatusNoContent, "", "POST", "/api/v1/write", string(snappy.Encode(nil, body)), "Content-Encoding", "snappy", "Content-Type", apitest.TypeV2)
		g.wantExposed(t, map[string]string{"calls_total": fmt.Sprint(i + 3)})
	}
}

func TestDeletedGroupCountsAnew(t *testing.T) {
	path := t.TempDir()
	g := start(t, path)
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "us_total 5\n")
	g.want(t, http.StatusAccepted, "", "DELETE", "/metrics/job/x", "")
	g.stop(t)
	g = start(t, path)
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "us_total 6\n")
	g.wantExposed(t, map[string]string{`us_total{job="x"}`: "11"})
}

func TestTextThatIsCutOff(t *testing.T) {
	g := start(t, t.TempDir())
	g.want(t, http.StatusBadRequest, "end its last line with one", "POST", "/metrics/job/x", "us_total 5")
	g.want(t, http.StatusBadRequest, "refused (negative)", "POST", "/metrics/job/x", "untyped_total -7\n")
	g.wantExposed(t, map[string]string{})
}

// What a former version journalled is merged as that version did, and what comes
// then as this one does.
func TestJournalOfAFormerVersion(t *testing.T) {
	path := t.TempDir()
	writeFormerJournal(t, path)
	g := start(t, path)
	g.wantExposed(t, map[string]string{`us_total{job="x"}`: "7"})
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "us_total 5\n")
	g.crash(t)
	g = start(t, path)
	began := fmt.Sprint("?start=", time.Now().Add(-time.Second).Unix())
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/y", "us_total 3\n")
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/y"+began, "us_total 4\n")
	if got := g.exposed(t)[`us_total{job="y"}`]; got != "4" {
		t.Errorf("%s counted, want 4", got)
	}
}

// writeFormerJournal leaves a journal without rules, of two pushes that were
// counted as those of two processes.
func writeFormerJournal(t *testing.T, path string) {
	t.Helper()
	dir, err := durable.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	options := Defaults(path)
	first, err := json.Marshal(map[string]any{"Merge": options.Settings, "Limits": options.Limits})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Restore(func(io.Reader) error { return nil }, func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := dir.Rotate(append([]byte{settingsRecord}, first...), merge.New(options.Settings).Write); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Second)
	group, err := push.ParseGroup("job/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"us_total 3\n", "us_total 4\n"} {
		p := pending{request: push.Request{Protocol: push.Text, Group: group, Body: []byte(text)}, decoded: at.UnixNano() + int64(i)}
		if err := dir.Append(p.record(p.decoded)); err != nil {
			t.Fatal(err)
		}
		group.Start = at.Add(-time.Minute).UnixNano()
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
}
