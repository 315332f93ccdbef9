package remotewrite

import (
	"context"
	"net/http"
	"net/url"

	"github.com/metertree/metertree/integrations/internal/push"
)

const (
	versionHeader = "X-Prometheus-Remote-Write-Version"
	userAgent     = "metertree-remotewrite"
)

// client writes requests. It may be used from several goroutines.
type client struct{ *push.Client }

func newClient(to *url.URL, o *Options, c *counts) client {
	return client{push.NewClient(push.Config{
		Address: to, HTTP: o.Client, Connections: o.Shards, Timeout: o.Timeout, Retry: o.Retry, Header: o.Header, Secrets: push.QuerySecrets(to), Counts: &c.Counts,
		Hints: push.Hints{
			Credentials: "check the credentials of the client, and the tenant in its headers",
			Address:     "check the address, and that the receiver is enabled there",
		},
	})}
}

// message is one request, and when to send it.
type message struct {
	body    []byte
	version Version
	// begin is called before the first attempt.
	begin func()
}

// post writes a message as push.Client.Post does.
func (c client) post(ctx, goOn context.Context, m message) (*answer, error) {
	a, err := c.Post(ctx, goOn, push.Request{Body: m.body, Prepare: m.prepare, Judge: judge, Begin: m.begin})
	if err != nil {
		return nil, err
	}
	return newAnswer(a), nil
}

// prepare adds the headers of the protocol.
func (m message) prepare(r *http.Request) {
	r.Header.Set("Content-Encoding", "snappy")
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set(versionHeader, "0.1.0")
	if m.version != Version1 {
		r.Header.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
		r.Header.Set(versionHeader, "2.0.0")
	}
}
