package contextd

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

func TestSessionsBecomeMemories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.converse("aurora", memoryEvery-1)
		h.settle()
		h.want(http.StatusNotFound, "GET", documentURL("aurora", "memory-1"), "")
		h.converse("aurora", 2*memoryEvery)
		h.settle()
		for _, name := range []string{"memory-1", "memory-2"} {
			if text := h.text("aurora", name); !strings.Contains(text, "user: some words") {
				t.Errorf("%s is %q", name, text)
			}
		}
		h.want(http.StatusNotFound, "GET", documentURL("borealis", "memory-1"), "")
		h.wantSample(`contextd_memory_extracted_total{operation="extract_memories"}`, "2")
		h.wantSample(`contextd_tenant_operations_total{account_id="aurora",operation="extract_memories",status="ok"}`, "2")
		h.wantSample(`contextd_tasks_finished_total{status="ok",task_type="extract_memories"}`, "2")
		h.wantSample(`contextd_queue_dequeued_total{queue="memories"}`, "2")
	})
}

func TestMemoriesThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.queue.Close()
		h.converse("aurora", memoryEvery)
		h.settle()
		h.wantSample(`contextd_queue_dead_lettered_total{queue="memories",reason="failed"}`, "1")
		h.wantSample(`contextd_operation_requests_total{operation="extract_memories",status="failed"}`, "1")
		h.wantSample(`contextd_memory_extracted_total{operation="extract_memories"}`, "0")
	})
}

func TestSummariesBecomeMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.put("aurora", "d", "some words")
		h.settle()
		h.want(http.StatusOK, "GET", "/v1/accounts/aurora/search?q=words", "")
		h.converse("aurora", 1)
		h.settle()
		for series, want := range map[string]string{
			`contextd_operation_requests_total{operation="ingest_document",status="ok"}`: "1",
			`contextd_embedding_tokens_total{operation="ingest_document"}`:               "3",
			`contextd_embedding_tokens_total{operation="search"}`:                        "2",
			`contextd_vector_searches_total{operation="search"}`:                         "1",
			`contextd_vector_scanned_total{operation="search"}`:                          "1",
			`contextd_vector_returned_total{operation="search"}`:                         "1",
			`contextd_vector_searches_total{operation="post_message"}`:                   "1",
			`contextd_llm_input_tokens_total{operation="post_message"}`:                  "6",
			`contextd_llm_output_tokens_total{operation="post_message"}`:                 "6",
			`contextd_llm_input_tokens_total{operation="search"}`:                        "0",
		} {
			h.wantSample(series, want)
		}
	})
}

func TestChangesAreAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, instant())
		if _, err := h.Audit(t.Context(), 1); err == nil {
			t.Error("the audit log could be read before Run")
		}
		h.run()
		h.put("aurora", "d", "text")
		h.settle()
		h.text("aurora", "d")
		h.want(http.StatusAccepted, "DELETE", documentURL("aurora", "d"), "")
		h.call("PUT", documentURL("borealis", "d"), "no JSON")
		h.settle()
		entries, err := h.Audit(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Account+" "+e.Operation+" "+e.Status)
		}
		// Several publishers have no order among them.
		all := strings.Join(got, ", ")
		for _, want := range []string{"aurora put_document ok", "aurora delete_document ok", "borealis put_document refused"} {
			if !strings.Contains(all, want) {
				t.Errorf("the audit log has no %q: %s", want, all)
			}
		}
		if len(got) != 3 {
			t.Errorf("the audit log has %s; want three changes", all)
		}
		if err := h.stop(); err != nil {
			t.Error(err)
		}
		if _, err := h.Audit(t.Context(), 1); err == nil {
			t.Error("the audit log could be read after Run")
		}
	})
}
