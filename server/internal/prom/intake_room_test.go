package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// limitMemory sets the limit until the end of the test.
func limitMemory(t *testing.T, limit int64) {
	t.Helper()
	former := debug.SetMemoryLimit(limit)
	t.Cleanup(func() { debug.SetMemoryLimit(former) })
}

// When memory is short known series go on and new ones are told to come again.
func TestShortMemoryRefusesNewSeries(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	now := time.Now()
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(now, "known", 1)), apitest.TypeV1)
	limitMemory(t, 1<<20) // less than any program has in use
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(now.Add(time.Minute), "known", 2)), apitest.TypeV1)
	for _, kind := range []string{apitest.TypeV1, apitest.TypeV2} {
		body := apitest.RemoteWriteV1(pushed(now, "new", 1))
		if kind == apitest.TypeV2 {
			body = apitest.RemoteWriteV2(pushed(now, "new", 1), "")
		}
		status, answer, err := client.Write(body, kind)
		if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(answer, "memory is short") {
			t.Errorf("%s: status %d, answer %q, error %v", kind, status, answer, err)
		}
	}
	body, err := otlpRequest(now).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	status, answer, err := client.Send("otlp/v1/metrics", body, map[string]string{"Content-Type": "application/x-protobuf"})
	if err != nil || status != http.StatusTooManyRequests {
		t.Errorf("OTLP: status %d, answer %q, error %v", status, answer, err)
	}
	if got := client.Query(t, `{__name__=~"new|orders_total"}`, now); len(got) != 0 {
		t.Errorf("refused and stored: %v", got)
	}
}

// Labels that are too long make a push fail for good, and a scrape with a reason.
func TestLongLabels(t *testing.T) {
	node, client := startNode(t, testOptions(t), emptyConfig())
	long := labels.FromStrings(model.MetricNameLabel, "x", "y", strings.Repeat("y", maxLabelBytes))
	body := apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{model.MetricNameLabel, "x", "y", long.Get("y")}, Samples: []apitest.PushedSample{{Millis: time.Now().UnixMilli()}},
	}})
	if status, answer, err := client.Write(body, apitest.TypeV1); err != nil || status != http.StatusBadRequest || !strings.Contains(answer, errLongLabels.Error()) {
		t.Errorf("status %d, answer %q, error %v", status, answer, err)
	}
	scraped := &intake{next: node.fanout, retention: node.options.Storage.Retention, refusals: node.refusals}
	app := scraped.AppenderV2(context.Background())
	_, err := app.Append(0, long, 0, time.Now().UnixMilli(), 1, nil, nil, storage.AOptions{})
	// What is out of bounds a scrape would count and leave out.
	if !errors.Is(err, errLongLabels) || errors.Is(err, storage.ErrOutOfBounds) {
		t.Errorf("a scrape is told %v", err)
	}
	if err := app.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// After a write that the system refused nothing is acknowledged any more.
func TestTornLogRefusesEverything(t *testing.T) {
	node, client := startNode(t, testOptions(t), emptyConfig())
	for _, harmless := range []error{nil, errors.New("not of the disk")} {
		if err := node.refusals.ledger.note(harmless); !errors.Is(err, harmless) || node.refusals.ledger.writable() != nil {
			t.Fatalf("after %v: %v, %v", harmless, err, node.refusals.ledger.writable())
		}
	}
	if got := ownMetric(t, node, "metertree_storage_writable", ""); got != 1 || node.StorageFault() != nil || node.RestartHelps() {
		t.Errorf("before: writable %v, fault %v", got, node.StorageFault())
	}
	_ = node.refusals.ledger.note(fmt.Errorf("write to WAL: %w", syscall.ENOSPC)) // given back as it is
	if got := ownMetric(t, node, "metertree_storage_writable", ""); got != 0 || node.StorageFault() == nil || !node.RestartHelps() {
		t.Errorf("after: writable %v, fault %v, mendable %v", got, node.StorageFault(), node.RestartHelps())
	}
	status, answer, err := client.Write(apitest.RemoteWriteV1(pushed(time.Now(), "x", 1)), apitest.TypeV1)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(answer, "restart the server") {
		t.Errorf("status %d, answer %q, error %v", status, answer, err)
	}
}

// What the database does from time to time ends with the log torn, and not before.
func TestTornLogStopsTheDatabase(t *testing.T) {
	node, client := startNode(t, testOptions(t), emptyConfig())
	now := time.Now()
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(now, "x", 1)), apitest.TypeV1)
	ends := func() bool {
		ended := make(chan bool)
		go func() {
			whole := false
			defer func() { ended <- !whole }()
			node.db.ledger.stopIfTorn()
			whole = true
		}()
		return <-ended
	}
	if ends() {
		t.Error("it ends although nothing is wrong")
	}
	node.db.ledger.torn.Store(true)
	if !ends() {
		t.Error("it goes on although the log is torn")
	}
	if got := client.Query(t, "x", now); len(got) != 1 {
		t.Errorf("queries find %v", got)
	}
}

func TestRoomAnswer(t *testing.T) {
	for _, test := range []struct {
		refused      bool
		status, want int
		retry        string
	}{
		{true, http.StatusInternalServerError, http.StatusTooManyRequests, roomRetryAfter},
		{false, http.StatusInternalServerError, http.StatusInternalServerError, ""},
		{true, http.StatusBadRequest, http.StatusBadRequest, ""},
	} {
		recorder, refused := httptest.NewRecorder(), new(atomic.Bool)
		refused.Store(test.refused)
		(&roomAnswer{ResponseWriter: recorder, refused: refused, busy: http.StatusTooManyRequests}).WriteHeader(test.status)
		if retry := recorder.Header().Get("Retry-After"); recorder.Code != test.want || retry != test.retry {
			t.Errorf("%+v: %d, Retry-After %q", test, recorder.Code, retry)
		}
	}
}

func TestLimitsFitTheMemory(t *testing.T) {
	o := ReceiverOptions{MaxRequestBytes: 32 << 20, MaxConcurrency: 16}
	for limit, want := range map[int64]int{1 << 20: 1, 1 << 30: 4, 1 << 40: 16, math.MaxInt64: 16} {
		limitMemory(t, limit)
		if got := o.slots(); got != want {
			t.Errorf("limit %d: %d requests at once, want %d", limit, got, want)
		}
	}
	q := QueryOptions{MaxSamples: 50_000_000}
	for limit, want := range map[uint64]int{128 << 20: 1 << 20, math.MaxInt64: 50_000_000} {
		if got := q.samplesWithin(limit); got != want {
			t.Errorf("limit %d: %d samples, want %d", limit, got, want)
		}
	}
}

// never is a queue in which the turn never comes.
type never struct{ promql.QueryTracker }

func (never) Insert(ctx context.Context, _ string) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestQueueSaysWhyItGaveUp(t *testing.T) {
	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	var timeout promql.ErrQueryTimeout
	if _, err := (queue{never{}}).Insert(late, "x"); !errors.As(err, &timeout) {
		t.Errorf("too long in the queue: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	var canceled promql.ErrQueryCanceled
	if _, err := (queue{never{}}).Insert(gone, "x"); !errors.As(err, &canceled) {
		t.Errorf("gone from the queue: %v", err)
	}
}
