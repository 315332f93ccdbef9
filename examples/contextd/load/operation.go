package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// operation is a request that a tenant may make.
type operation struct {
	// name is the value of the label operation.
	name string
	// share is how many of all requests are of this kind.
	share float64
	// call is what is sent.
	call func(*Generator, *tenant, *rand.Rand) call
	// answered looks at an answer.
	answered func(t *tenant, c call, status int, body []byte)
}

// call is a request as it is sent, below the account's URL.
type call struct {
	method, path string
	body         any
	session      string
}

// operations are what tenants do. The shares add up to 1.
var operations = []operation{
	{name: "get", share: 0.45, call: getDocument},
	{name: "search", share: 0.16, call: search},
	{name: "put", share: 0.16, call: putDocument},
	{name: "message", share: 0.14, call: postMessage, answered: forgetEnded},
	{name: "read_session", share: 0.05, call: readSession, answered: forgetEnded},
	{name: "open_session", share: 0.01, call: openSession, answered: rememberOpened},
	{name: "delete", share: 0.01, call: deleteDocument},
	{name: "stray", share: 0.02, call: stray},
}

func pickOperation(random *rand.Rand) operation {
	at := random.Float64()
	for _, o := range operations {
		if at -= o.share; at < 0 {
			return o
		}
	}
	return operations[0]
}

// put is the operation that puts a certain document.
func put(document int) operation {
	return operation{name: "put", call: func(_ *Generator, _ *tenant, random *rand.Rand) call {
		return call{method: http.MethodPut, path: documentPath(document), body: randomDocument(random)}
	}}
}

func documentPath(document int) string { return "/documents/note-" + strconv.Itoa(document) }

// someDocument prefers some documents much over others, as readers do.
func (g *Generator) someDocument(random *rand.Rand) string {
	const exponent, offset = 1.2, 8
	return documentPath(int(rand.NewZipf(random, exponent, offset, uint64(g.config.Documents-1)).Uint64()))
}

func getDocument(g *Generator, _ *tenant, random *rand.Rand) call {
	return call{method: http.MethodGet, path: g.someDocument(random)}
}

func putDocument(g *Generator, _ *tenant, random *rand.Rand) call {
	return call{method: http.MethodPut, path: documentPath(random.IntN(g.config.Documents)), body: randomDocument(random)}
}

func deleteDocument(g *Generator, _ *tenant, random *rand.Rand) call {
	return call{method: http.MethodDelete, path: documentPath(random.IntN(g.config.Documents))}
}

func search(_ *Generator, _ *tenant, random *rand.Rand) call {
	query := url.Values{"q": {sentence(random)}, "limit": {strconv.Itoa(1 + random.IntN(8))}}
	return call{method: http.MethodGet, path: "/search?" + query.Encode()}
}

func openSession(*Generator, *tenant, *rand.Rand) call {
	return call{method: http.MethodPost, path: "/sessions"}
}

func postMessage(g *Generator, t *tenant, random *rand.Rand) call {
	session, ok := t.someSession(random)
	if !ok {
		return getDocument(g, t, random)
	}
	return call{method: http.MethodPost, path: "/sessions/" + session + "/messages", session: session,
		body: map[string]string{"role": "user", "text": sentence(random)}}
}

func readSession(g *Generator, t *tenant, random *rand.Rand) call {
	session, ok := t.someSession(random)
	if !ok {
		return getDocument(g, t, random)
	}
	return call{method: http.MethodGet, path: "/sessions/" + session, session: session}
}

// stray is a mistake of a client: a route or a body that does not exist.
func stray(g *Generator, _ *tenant, random *rand.Rand) call {
	if random.IntN(2) == 0 {
		return call{method: http.MethodGet, path: "/documents"}
	}
	return call{method: http.MethodPut, path: g.someDocument(random), body: map[string]string{"type": "unheard-of", "text": "x"}}
}

func rememberOpened(t *tenant, _ call, status int, body []byte) {
	var opened struct{ Session string }
	if status == http.StatusCreated && json.Unmarshal(body, &opened) == nil && opened.Session != "" {
		t.remember(opened.Session)
	}
}

// forgetEnded drops sessions that have expired or are full.
func forgetEnded(t *tenant, c call, status int, body []byte) {
	if c.session != "" && (status == http.StatusNotFound || status == http.StatusTooManyRequests) {
		t.forget(c.session)
	}
}

// do makes one request and counts it.
func (g *Generator) do(ctx context.Context, t *tenant, o operation, random *rand.Rand) {
	c := o.call(g, t, random)
	status, body, err := g.send(ctx, t, c)
	if ctx.Err() != nil {
		return
	}
	outcome := "failed"
	if err == nil {
		outcome = strconv.Itoa(status/100) + "xx"
		if o.answered != nil {
			o.answered(t, c, status, body)
		}
	}
	g.requests.Inc(request{o.name, outcome})
}

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = 1 << 20

func (g *Generator) send(ctx context.Context, t *tenant, c call) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.config.Timeout)
	defer cancel()
	var body io.Reader
	if c.body != nil {
		encoded, err := json.Marshal(c.body)
		if err != nil {
			return 0, nil, fmt.Errorf("body of %s %s: %w", c.method, c.path, err)
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, c.method, g.config.BaseURL+"/v1/accounts/"+t.account+c.path, body)
	if err != nil {
		return 0, nil, err
	}
	response, err := g.config.Client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	return response.StatusCode, answer, err
}
