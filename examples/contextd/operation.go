package contextd

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/metertree/metertree/collect/retrieval"
	"github.com/metertree/metertree/collect/telemetry"
)

// The operations of accounts: requests, and tasks that follow from them. They are
// values of the label operation.
const (
	putDocument     = "put_document"
	getDocument     = "get_document"
	deleteDocument  = "delete_document"
	searchContext   = "search"
	openSession     = "open_session"
	readSession     = "read_session"
	postMessage     = "post_message"
	ingestDocument  = "ingest_document"
	forgetDocument  = "forget_document"
	extractMemories = "extract_memories"
)

// changes are the operations that the audit log keeps.
var changes = map[string]bool{
	putDocument: true, deleteDocument: true, openSession: true, extractMemories: true,
}

// How operations end; the values of the label status.
const (
	statusOK      = "ok"
	statusRefused = "refused" // the client's mistake
	statusLimited = "limited" // beyond the account's rate
	statusFailed  = "failed"
)

// operation is an operation that is over: what the event bus carries.
type operation struct {
	at time.Time
	// account is empty if it is unknown.
	account, name, status string
	took                  time.Duration
	summary
}

// summary is what an operation has used and made.
type summary struct {
	embeddingTokens, inputTokens, outputTokens int
	searches                                   int
	candidates                                 retrieval.Candidates
	memories                                   int
}

// call is an operation under way.
type call struct {
	*tenant
	name  string
	start time.Time
	summary
}

// finish tells those who listen that an operation is over.
func (s *Service) finish(c *call, err error) {
	o := operation{at: time.Now(), name: c.name, status: outcome(err), took: time.Since(c.start), summary: c.summary}
	if c.tenant != nil {
		o.account = c.Name
	}
	s.events.Publisher().Publish(o)
}

// outcome is the status that an error becomes.
func outcome(err error) string {
	if err == nil {
		return statusOK
	}
	switch status := statusOf(err); {
	case status == http.StatusTooManyRequests:
		return statusLimited
	case status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled):
		return statusFailed
	}
	return statusRefused
}

// summaries says what of an operation becomes metrics. Which account's it was, and
// what was asked, is not among it.
func summaries() telemetry.Table[operation] {
	count := func(path, domain, name, help string, of func(operation) int) telemetry.Count[operation] {
		return telemetry.Count[operation]{Path: path, Domain: domain, Name: name, Help: help,
			Read: func(o operation) telemetry.Value { return telemetry.Int(int64(of(o))) }}
	}
	return telemetry.Table[operation]{
		Operation: func(o operation) telemetry.Value { return telemetry.Text(o.name) },
		Status:    func(o operation) telemetry.Value { return telemetry.Text(o.status) },
		Duration:  func(o operation) telemetry.Value { return telemetry.Duration(o.took) },
		Counts: []telemetry.Count[operation]{
			count("tokens.llm_input", "llm", "input_tokens_total", "Tokens given to language models.",
				func(o operation) int { return o.inputTokens }),
			count("tokens.llm_output", "llm", "output_tokens_total", "Tokens that language models gave.",
				func(o operation) int { return o.outputTokens }),
			count("tokens.embedding", "embedding", "tokens_total", "Tokens given to embedding models.",
				func(o operation) int { return o.embeddingTokens }),
			count("vector.searches", "vector", "searches_total", "Searches by vector.",
				func(o operation) int { return o.searches }),
			count("vector.scanned", "vector", "scanned_total", "Vectors that were scanned.",
				func(o operation) int { return o.candidates.Scanned }),
			count("vector.scored", "vector", "scored_total", "Vectors that were scored.",
				func(o operation) int { return o.candidates.Scored }),
			count("vector.passed", "vector", "passed_total", "Scored vectors that passed the threshold.",
				func(o operation) int { return o.candidates.Passed }),
			count("vector.returned", "vector", "returned_total", "Vectors that were returned.",
				func(o operation) int { return o.candidates.Returned }),
			count("memories.extracted", "memory", "extracted_total", "Memories that were extracted.",
				func(o operation) int { return o.memories }),
		},
	}
}
