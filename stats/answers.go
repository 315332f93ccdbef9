package stats

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// reply is how a query was answered.
type reply struct {
	status int
	// body is JSON.
	body []byte
	// tag is the entity tag of the body.
	tag string
	// at is when it was known, and until for how long it is given again.
	at, until time.Time
}

// newReply writes a value as JSON, which may run code of the value's.
func newReply(status int, value any) reply {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		status = http.StatusInternalServerError
		body, _ = json.Marshal(problem{"the answer cannot be written as JSON: " + err.Error()})
	}
	sum := sha256.Sum256(body)
	return reply{status: status, body: append(body, '\n'), tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// problem is the body of an error.
type problem struct {
	Error string `json:"error"`
}

func newFailure(status int, err error) reply { return newReply(status, problem{err.Error()}) }

// answers keeps replies by question, up to a number of bytes.
type answers struct {
	max, bytes int
	replies    map[string]reply
}

// get returns a reply that is still good.
func (a *answers) get(question string, now time.Time) (reply, bool) {
	r, ok := a.replies[question]
	if !ok || !now.Before(r.until) {
		return reply{}, false
	}
	return r, true
}

// put keeps a reply, and drops those that are not good any more, and then the
// oldest as long as there are too many bytes.
func (a *answers) put(question string, r reply, now time.Time) {
	if a.replies == nil {
		a.replies = map[string]reply{}
	}
	a.drop(question)
	for q, old := range a.replies {
		if !now.Before(old.until) {
			a.drop(q)
		}
	}
	size := len(question) + len(r.body)
	if size > a.max {
		return
	}
	for a.bytes+size > a.max {
		a.drop(a.oldest())
	}
	a.replies[question] = r
	a.bytes += size
}

func (a *answers) drop(question string) {
	if r, ok := a.replies[question]; ok {
		a.bytes -= len(question) + len(r.body)
		delete(a.replies, question)
	}
}

func (a *answers) oldest() (question string) {
	var at time.Time
	for q, r := range a.replies {
		if question == "" || r.at.Before(at) {
			question, at = q, r.at
		}
	}
	return question
}
