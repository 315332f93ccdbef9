package contextd

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestDocumentsComeBackAsTheyWerePut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Config{})
		texts := map[string]string{
			"short": "one line",
			"long":  strings.Repeat("many words after one another, ", 250),
			"solid": strings.Repeat("ä", maxTextBytes/2),
		}
		for name, text := range texts {
			h.put("aurora", name, text)
		}
		h.settle()
		for name, text := range texts {
			if got := h.text("aurora", name); got != text {
				t.Errorf("document %s of %d bytes came back with %d bytes", name, len(text), len(got))
			}
		}
	})
}

func TestDocumentsAreReplacedAndDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.put("aurora", "d", "first")
		h.settle()
		h.text("aurora", "d") // now both cache levels hold it
		h.put("aurora", "d", "second")
		h.settle()
		if got := h.text("aurora", "d"); got != "second" {
			t.Errorf("after the second put the text is %q", got)
		}
		h.want(http.StatusAccepted, "DELETE", documentURL("aurora", "d"), "")
		h.settle()
		h.want(http.StatusNotFound, "GET", documentURL("aurora", "d"), "")
	})
}

func TestAccountsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.put("aurora", "d", "secret of aurora")
		h.settle()
		h.want(http.StatusNotFound, "GET", documentURL("borealis", "d"), "")
		answer := h.want(http.StatusOK, "GET", "/v1/accounts/borealis/search?q=secret", "")
		if hits, ok := answer["hits"].([]any); !ok || len(hits) != 0 {
			t.Errorf("another account finds %v; want an empty list", answer["hits"])
		}
	})
}

func TestSearchFindsTheNearestDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.put("aurora", "money", "The customer wants a refund of the payment for this invoice.")
		h.put("aurora", "food", "Stir onion and garlic in butter with salt.")
		h.put("aurora", "travel", "The train leaves from another platform with a delay.")
		h.settle()
		answer := h.want(http.StatusOK, "GET", "/v1/accounts/aurora/search?q=refund+for+a+customer+payment&limit=2", "")
		hits, _ := answer["hits"].([]any)
		if len(hits) < 1 || len(hits) > 2 {
			t.Fatalf("hits %v; want 1 or 2", hits)
		}
		best, _ := hits[0].(map[string]any)
		if best["document"] != "money" || !strings.Contains(best["text"].(string), "refund") {
			t.Errorf("best hit is %v; want the document on money with its text", best)
		}
		h.wantSample(`contextd_retrieval_candidates_scanned_total{operation="search"}`, "3")
		h.wantSample(`contextd_retrieval_candidates_returned_total{operation="search"}`, strconv.Itoa(len(hits)))
	})
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		h.put("aurora", "money", "Refunds are paid within ten days.")
		h.settle()
		const sessions = "/v1/accounts/aurora/sessions"
		name, _ := h.want(http.StatusCreated, "POST", sessions, "")["session"].(string)
		answer := h.want(http.StatusCreated, "POST", sessions+"/"+name+"/messages", `{"role":"user","text":"When are refunds paid?"}`)
		if hits, _ := answer["context"].([]any); len(hits) != 1 {
			t.Errorf("context of the message is %v; want one hit", answer["context"])
		}
		if reply, _ := answer["reply"].(string); !strings.Contains(reply, "within ten days") {
			t.Errorf("reply %q; want one that uses what was found", reply)
		}
		messages, _ := h.want(http.StatusOK, "GET", sessions+"/"+name, "")["messages"].([]any)
		if len(messages) != 1 || messages[0].(map[string]any)["text"] != "When are refunds paid?" {
			t.Errorf("messages are %v", messages)
		}
		h.want(http.StatusNotFound, "GET", "/v1/accounts/borealis/sessions/"+name, "")
		h.want(http.StatusBadRequest, "POST", sessions+"/"+name+"/messages", `{"role":"judge","text":"x"}`)
		h.want(http.StatusNotFound, "POST", sessions+"/none/messages", `{"role":"user","text":"x"}`)
	})
}

func TestBadRequests(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown account":   {"GET", documentURL("nobody", "d"), "", http.StatusNotFound},
		"missing document":  {"GET", documentURL("aurora", "none"), "", http.StatusNotFound},
		"document name":     {"PUT", documentURL("aurora", "%20"), `{"type":"skill","text":"x"}`, http.StatusBadRequest},
		"no JSON":           {"PUT", documentURL("aurora", "d"), `text`, http.StatusBadRequest},
		"unknown field":     {"PUT", documentURL("aurora", "d"), `{"typ":"skill"}`, http.StatusBadRequest},
		"unknown type":      {"PUT", documentURL("aurora", "d"), `{"type":"other","text":"x"}`, http.StatusBadRequest},
		"no text":           {"PUT", documentURL("aurora", "d"), `{"type":"skill","text":" "}`, http.StatusBadRequest},
		"long title":        {"PUT", documentURL("aurora", "d"), `{"type":"skill","text":"x","title":"` + strings.Repeat("x", 201) + `"}`, http.StatusBadRequest},
		"long text":         {"PUT", documentURL("aurora", "d"), `{"type":"skill","text":"` + strings.Repeat("x", maxTextBytes+1) + `"}`, http.StatusRequestEntityTooLarge},
		"long body":         {"PUT", documentURL("aurora", "d"), `{"type":"skill","text":"` + strings.Repeat("x", maxBodyBytes) + `"}`, http.StatusRequestEntityTooLarge},
		"no question":       {"GET", "/v1/accounts/aurora/search", "", http.StatusBadRequest},
		"long question":     {"GET", "/v1/accounts/aurora/search?q=" + strings.Repeat("x", maxQuestionBytes+1), "", http.StatusBadRequest},
		"limit of 0":        {"GET", "/v1/accounts/aurora/search?q=x&limit=0", "", http.StatusBadRequest},
		"limit of a word":   {"GET", "/v1/accounts/aurora/search?q=x&limit=many", "", http.StatusBadRequest},
		"method of a route": {"POST", documentURL("aurora", "d"), "", http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, instant())
				answer := h.want(test.status, test.method, test.path, test.body)
				if message, _ := answer["error"].(string); message == "" && test.status != http.StatusMethodNotAllowed {
					t.Errorf("answer %v does not say what is wrong", answer)
				}
			})
		})
	}
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := instant()
		config.Accounts = []Account{{Name: "slow", Model: SmallModel, RequestsPerSecond: 2}, {Name: "other", Model: SmallModel}}
		h := start(t, config)
		for i, status := range []int{404, 404, 429, 429} {
			if got, _ := h.call("GET", documentURL("slow", "d"), ""); got != status {
				t.Errorf("request %d: status %d, want %d", i, got, status)
			}
		}
		h.want(http.StatusNotFound, "GET", documentURL("other", "d"), "")
		h.settle() // a second, which brings two more
		for i, status := range []int{404, 404, 429} {
			if got, _ := h.call("GET", documentURL("slow", "d"), ""); got != status {
				t.Errorf("request %d a second later: status %d, want %d", i, got, status)
			}
		}
	})
}

func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, instant())
		expect := func(path string, status int) {
			t.Helper()
			if got, _ := h.call("GET", path, ""); got != status {
				t.Errorf("%s: status %d, want %d", path, got, status)
			}
		}
		expect("/-/healthy", http.StatusOK)
		const up = `contextd_probe_up{component="service"}`
		expect("/-/ready", http.StatusServiceUnavailable)
		if strings.Contains(h.exposition(), up) {
			t.Error("the probe of the service has a value before Run")
		}
		h.run()
		h.settle()
		expect("/-/ready", http.StatusOK)
		h.wantSample(up, "1")
		if err := h.stop(); err != nil {
			t.Error(err)
		}
		expect("/-/ready", http.StatusServiceUnavailable)
		time.Sleep(refreshing.TTL)
		h.wantSample(up, "0")
	})
}

func TestCacheLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, instant())
		large := strings.Repeat("word ", 1600)
		h.put("aurora", "d", "small")
		h.settle()
		lookups := func(level, hits, misses string) {
			t.Helper()
			h.wantSample(`contextd_cache_lookups_total{component="documents",level="`+level+`",status="hit"}`, hits)
			h.wantSample(`contextd_cache_lookups_total{component="documents",level="`+level+`",status="miss"}`, misses)
		}
		h.text("aurora", "d")
		lookups("l1", "0", "1")
		lookups("l2", "0", "1")
		h.text("aurora", "d")
		lookups("l1", "1", "1")
		// Enough other documents push it out of the small level, not of the large.
		for _, name := range strings.Split("abcefghijklmnopqr", "") {
			h.put("aurora", name, large)
			h.settle()
			h.text("aurora", name)
		}
		h.text("aurora", "d")
		lookups("l1", "1", "19")
		lookups("l2", "1", "18")
	})
}
