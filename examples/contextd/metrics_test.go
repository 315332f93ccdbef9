package contextd

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
)

// exercised is a service that has done something of everything.
func exercised(t *testing.T) *harness {
	h := start(t, Config{})
	h.put("aurora", "d", strings.Repeat("some words ", 100))
	h.put("borealis", "d", "text")
	h.settle()
	h.text("aurora", "d")
	h.text("aurora", "d")
	// The model's simulated failures are rare but happen.
	for status := 0; status != http.StatusOK; {
		status, _ = h.call("GET", "/v1/accounts/aurora/search?q=words", "")
	}
	h.converse("aurora", 2*memoryEvery)
	h.want(http.StatusAccepted, "DELETE", documentURL("aurora", "d"), "")
	h.call("GET", "/v1/unheard-of/"+strings.Repeat("x", 50), "")
	h.call("GET", documentURL("a-stranger", "d"), "")
	time.Sleep(2 * DefaultHealthInterval)
	h.settle()
	return h
}

// converse posts so many messages to a new session.
func (h *harness) converse(account string, messages int) {
	h.t.Helper()
	sessions := "/v1/accounts/" + account + "/sessions"
	session, _ := h.want(http.StatusCreated, "POST", sessions, "")["session"].(string)
	for posted := 0; posted < messages; {
		status, _ := h.call("POST", sessions+"/"+session+"/messages", `{"role":"user","text":"some words"}`)
		if status == http.StatusCreated {
			posted++
		}
	}
}

var (
	sampleLine = regexp.MustCompile(`^([a-z_]+)(\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})? (\S+)$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-z_]+) (counter|gauge|histogram)$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="([^"\n]*)"`)
)

// parsed are the samples of an exposition by metric name, and the types.
type parsed struct {
	samples map[string][]map[string]string
	types   map[string]string
}

func parse(t *testing.T, exposition string) parsed {
	t.Helper()
	p := parsed{map[string][]map[string]string{}, map[string]string{}}
	for line := range strings.Lines(exposition) {
		line = strings.TrimSuffix(line, "\n")
		if m := typeLine.FindStringSubmatch(line); m != nil {
			p.types[m[1]] = m[2]
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("line %q is no sample", line)
			continue
		}
		if _, err := strconv.ParseFloat(m[3], 64); err != nil {
			t.Errorf("line %q: %v", line, err)
		}
		labels := map[string]string{}
		for _, pair := range labelPair.FindAllStringSubmatch(m[2], -1) {
			labels[pair[1]] = pair[2]
		}
		p.samples[m[1]] = append(p.samples[m[1]], labels)
	}
	return p
}

func TestExposition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := exercised(t)
		p := parse(t, h.exposition())
		for name, kind := range map[string]string{
			"contextd_http_server_requests_total":               "counter",
			"contextd_http_server_request_duration_seconds":     "histogram",
			"contextd_http_server_requests_in_flight":           "gauge",
			"contextd_operation_requests_total":                 "counter",
			"contextd_operation_duration_seconds":               "histogram",
			"contextd_tenant_operations_total":                  "counter",
			"contextd_queue_depth":                              "gauge",
			"contextd_queue_capacity":                           "gauge",
			"contextd_queue_oldest_age_seconds":                 "gauge",
			"contextd_queue_wait_seconds":                       "histogram",
			"contextd_queue_enqueued_total":                     "counter",
			"contextd_tasks_finished_total":                     "counter",
			"contextd_tasks_duration_seconds":                   "histogram",
			"contextd_ingest_resources_total":                   "counter",
			"contextd_ingest_stage_duration_seconds":            "histogram",
			"contextd_cache_lookups_total":                      "counter",
			"contextd_cache_loads_total":                        "counter",
			"contextd_cache_size_bytes":                         "gauge",
			"contextd_model_calls_total":                        "counter",
			"contextd_model_call_duration_seconds":              "histogram",
			"contextd_model_time_to_first_token_seconds":        "histogram",
			"contextd_model_tokens_total":                       "counter",
			"contextd_encryption_operations_total":              "counter",
			"contextd_encryption_bytes_total":                   "counter",
			"contextd_encryption_duration_seconds":              "histogram",
			"contextd_encryption_key_created_timestamp_seconds": "gauge",
			"contextd_retrieval_searches_total":                 "counter",
			"contextd_retrieval_duration_seconds":               "histogram",
			"contextd_retrieval_candidates_scanned_total":       "counter",
			"contextd_sessions_open":                            "gauge",
			"contextd_sessions_opened_total":                    "counter",
			"contextd_locks_contended_total":                    "counter",
			"contextd_locks_hold_seconds":                       "histogram",
			"contextd_store_live_bytes":                         "gauge",
			"contextd_store_documents":                          "gauge",
			"contextd_store_appends_total":                      "counter",
			"contextd_buffer_flushes_total":                     "counter",
			"contextd_buffer_mutable_bytes":                     "gauge",
			"contextd_component_up":                             "gauge",
			"contextd_probe_up":                                 "gauge",
			"contextd_probe_duration_seconds":                   "histogram",
			"contextd_llm_input_tokens_total":                   "counter",
			"contextd_embedding_tokens_total":                   "counter",
			"contextd_vector_searches_total":                    "counter",
			"contextd_memory_extracted_total":                   "counter",
			"go_sql_open_connections":                           "gauge",
			"metertree_event_drops_total":                       "counter",
			"metertree_collector_up":                            "gauge",
		} {
			if p.types[name] != kind {
				t.Errorf("%s has type %q, want %s", name, p.types[name], kind)
			}
			if kind == "histogram" {
				name += "_count"
			}
			if len(p.samples[name]) == 0 {
				t.Errorf("%s has no sample", name)
			}
		}
		h.wantSample("metertree_rejected_definitions_total", "0")
	})
}

// TestLabelsAreBounded checks every label against the values it may have.
func TestLabelsAreBounded(t *testing.T) {
	allowed := map[string]*regexp.Regexp{}
	for label, values := range map[string]string{
		"account_id":   `aurora|borealis|cascade|dune|__unknown__`,
		"component":    `async|storage|retrieval|model_provider|encryption|service|documents|cache|shard|account|sessions|data`,
		"context_type": `resource|memory|skill|unknown`,
		"kind":         `input|cached|output|embedding`,
		"level":        `l1|l2`,
		"method":       `GET|PUT|POST|DELETE|__unknown__`,
		"model_name":   `embed-small|embed-large|writer`,
		"operation": `lock|rlock|encrypt|decrypt|chunk|embed|buffer|ingest|query|probe|reply|extract|search|` +
			`(put|get|delete|ingest|forget)_document|(open|read)_session|post_message|extract_memories`,
		"provider":  `acme|globex`,
		"queue":     `ingest|memories`,
		"reason":    `full|closed|failed|capacity|invalidated|expired|error|timeout|panic`,
		"route":     `__unmatched__|/v1/accounts/\{account\}/(documents/\{document\}|search|sessions|sessions/\{session\}(/messages)?)|/v1/health|/-/(ready|healthy)`,
		"status":    `[1-5]xx|ok|error|hit|miss|retried|failed|refused|limited|panic`,
		"shard":     `[0-3]|`,
		"task_type": `(ingest|forget)_document|extract_memories|expire_sessions`,
		"bucket":    `[0-3]`,
		"module":    `store`,
		"database":  `context`,
		"segment":   ``,
		"block":     ``,
		"le":        `[0-9.e+-]+|\+Inf`,
	} {
		allowed[label] = regexp.MustCompile(`^(?:` + values + `)$`)
	}
	withAccount := map[string]bool{
		"contextd_tenant_operations_total": true, "contextd_store_documents": true,
	}
	synctest.Test(t, func(t *testing.T) {
		h := exercised(t)
		checked := 0
		for name, samples := range parse(t, h.exposition()).samples {
			if !strings.HasPrefix(name, "contextd_") {
				continue
			}
			for _, labels := range samples {
				for label, value := range labels {
					checked++
					if allowed[label] == nil || !allowed[label].MatchString(value) {
						t.Errorf("%s has %s=%q, which is not foreseen", name, label, value)
					}
				}
				if _, has := labels["account_id"]; has != withAccount[name] {
					t.Errorf("%s has the label account_id: %v, want %v", name, has, withAccount[name])
				}
			}
		}
		if checked < 100 {
			t.Errorf("only %d labels were checked", checked)
		}
	})
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := exercised(t)
		const route = `route="/v1/accounts/{account}/documents/{document}"`
		h.wantSample(`contextd_http_server_requests_total{method="GET",`+route+`,status="2xx"}`, "2")
		h.wantSample(`contextd_http_server_requests_total{method="GET",`+route+`,status="4xx"}`, "1")
		h.wantSample(`contextd_http_server_requests_total{method="GET",route="__unmatched__",status="4xx"}`, "1")
		h.wantSample(`contextd_http_server_requests_in_flight`, "0")
		h.wantSample(`contextd_tenant_operations_total{account_id="aurora",operation="get_document",status="ok"}`, "2")
		h.wantSample(`contextd_tenant_operations_total{account_id="__unknown__",operation="get_document",status="refused"}`, "1")
		h.wantSample(`contextd_operation_requests_total{operation="get_document",status="ok"}`, "2")
	})
}

func TestOneScopeHasOneService(t *testing.T) {
	h := newHarness(t, instant())
	config := instant()
	config.Scope = meter.New(h.reg)
	if _, err := New(config); err == nil {
		t.Error("two services were made in one scope")
	}
}

func TestWithoutMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, err := New(instant())
		if err != nil {
			t.Fatal(err)
		}
		h := &harness{Service: service, t: t}
		h.run()
		h.put("aurora", "d", "text")
		h.settle()
		if got := h.text("aurora", "d"); got != "text" {
			t.Errorf("text %q", got)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"account name":  {Accounts: []Account{{Name: "No Good", Model: SmallModel}}},
		"account twice": {Accounts: []Account{{Name: "a", Model: SmallModel}, {Name: "a", Model: SmallModel}}},
		"model":         {Accounts: []Account{{Name: "a", Model: "other"}}},
		"rate":          {Accounts: []Account{{Name: "a", Model: SmallModel, RequestsPerSecond: -1}}},
		"workers":       {Workers: -1},
		"shards":        {Shards: -1},
		"queue":         {QueueCapacity: -1},
		"buffer":        {BufferBytes: 1000},
		"segments":      {SegmentBytes: -1},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: %+v was accepted", name, config)
		}
	}
}
