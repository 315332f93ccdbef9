package contextd

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNothingIsLostWhenAShardFailsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := instant()
		config.Accounts = []Account{{Name: "aurora", Model: SmallModel, RequestsPerSecond: 1e6}}
		h := start(t, config)
		restore, err := h.FailShard(1)
		if err != nil {
			t.Fatal(err)
		}
		accepted, rejected := map[string]string{}, 0
		// Long enough for flushes to fail finally, more than shard and queue hold.
		for i := range 1200 {
			name, text := fmt.Sprintf("d%d", i), strings.Repeat(fmt.Sprintf("text %d ", i), 200)
			switch status, _ := h.call("PUT", documentURL("aurora", name), `{"type":"memory","text":"`+text+`"}`); status {
			case http.StatusAccepted:
				accepted[name] = text
			case http.StatusServiceUnavailable:
				rejected++
			default:
				t.Fatalf("status %d", status)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if rejected == 0 {
			t.Error("no document was rejected: the failing shard made no back-pressure")
		}
		for _, series := range []string{
			`contextd_buffer_retries_total{block="",bucket="1",database="context",module="store",segment="",shard=""}`,
			`contextd_buffer_failed_records_total{block="",bucket="1",database="context",module="store",segment="",shard=""}`,
			`contextd_redelivery_documents_total`,
			`contextd_queue_rejected_total{queue="ingest",reason="full"}`,
			`contextd_probe_failures_total{component="storage",reason="error"}`,
			`contextd_store_appends_total{shard="1",status="error"}`,
		} {
			if h.sample(series) == "0" {
				t.Errorf("%s is 0 after a minute of failing flushes", series)
			}
		}
		h.wantSample(`contextd_component_up{component="storage"}`, "0")
		restore()
		time.Sleep(time.Minute)
		h.settle()
		for name, text := range accepted {
			if got := h.text("aurora", name); got != text {
				t.Errorf("accepted document %s is %q", name, got)
			}
		}
		h.wantSample(`contextd_component_up{component="storage"}`, "1")
		h.wantSample(`contextd_queue_depth{queue="ingest"}`, "0")
	})
}

func TestRunStoresWhatWasAcceptedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, Config{})
		for i := range 50 {
			h.put("aurora", fmt.Sprint(i), "text")
		}
		h.run()
		if err := h.stop(); err != nil {
			t.Errorf("end: %v", err)
		}
		for i := range 50 {
			h.text("aurora", fmt.Sprint(i))
		}
		h.want(http.StatusServiceUnavailable, "PUT", documentURL("aurora", "late"), `{"type":"skill","text":"x"}`)
	})
}

func TestRunSaysWhatItCouldNotStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := instant()
		config.Shards = 1
		h := start(t, config)
		if _, err := h.FailShard(0); err != nil {
			t.Fatal(err)
		}
		for i := range 7 {
			h.put("aurora", fmt.Sprint(i), "text")
		}
		began := time.Now()
		err := h.stop()
		if err == nil || !strings.Contains(err.Error(), "7 accepted documents") {
			t.Errorf("error %v; want one about 7 accepted documents", err)
		}
		if took := time.Since(began); took > DefaultDrainTimeout {
			t.Errorf("the end took %v; want at most %v", took, DefaultDrainTimeout)
		}
	})
}

func TestRunTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		if h.Run(t.Context()) == nil {
			t.Error("a second Run was allowed")
		}
	})
}

func TestFullQueueRejects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := instant()
		config.QueueCapacity = 3
		h := newHarness(t, config) // nobody works
		for i := range 3 {
			h.put("aurora", fmt.Sprint(i), "text")
		}
		h.want(http.StatusServiceUnavailable, "PUT", documentURL("aurora", "4"), `{"type":"skill","text":"x"}`)
		h.wantSample(`contextd_queue_depth{queue="ingest"}`, "3")
		h.wantSample(`contextd_queue_capacity{queue="ingest"}`, "3")
	})
}

func TestFailShardRefusesWhatDoesNotExist(t *testing.T) {
	h := newHarness(t, instant())
	for _, shard := range []int{-1, DefaultShards} {
		if _, err := h.FailShard(shard); err == nil {
			t.Errorf("shard %d was made to fail", shard)
		}
	}
}

func TestChunksJoinToTheText(t *testing.T) {
	for _, text := range []string{
		"", "x", strings.Repeat("word ", 500), strings.Repeat("x", 5*chunkBytes), strings.Repeat("äöü", chunkBytes),
		strings.Repeat("\xff", 3*chunkBytes), "a " + strings.Repeat("b", chunkBytes),
	} {
		parts := chunks(text)
		if strings.Join(parts, "") != text {
			t.Errorf("chunks of %.20q… do not join to the text", text)
		}
		for i, part := range parts {
			if len(part) > chunkBytes || i < len(parts)-1 && len(part) < chunkBytes/2 {
				t.Errorf("chunk %d of %.20q… has %d bytes", i, text, len(part))
			}
		}
	}
}
