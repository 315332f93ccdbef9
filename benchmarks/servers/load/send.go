package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Send sends all requests to a URL, with the headers, as fast as they are
// answered: every sender waits for an answer before the next request. It returns
// how long that took. The first answer that is not a success ends it.
func (p Push) Send(ctx context.Context, url string, headers http.Header) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(p)}}
	defer client.CloseIdleConnections()
	var senders sync.WaitGroup
	began := time.Now()
	for _, requests := range p {
		senders.Go(func() {
			for i, r := range requests {
				if err := post(ctx, client, url, headers, r.Body); err != nil {
					cancel(fmt.Errorf("request %d of %d: %w", i+1, len(requests), err))
					return
				}
			}
		})
	}
	senders.Wait()
	return time.Since(began), context.Cause(ctx)
}

func post(ctx context.Context, client *http.Client, url string, headers http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = headers.Clone()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %s: %.200s", url, response.Status, text)
	}
	return err
}

// RemoteWriteHeaders are those of remote write 1.0.
func RemoteWriteHeaders() http.Header {
	return http.Header{
		"Content-Type":                      {"application/x-protobuf"},
		"Content-Encoding":                  {"snappy"},
		"X-Prometheus-Remote-Write-Version": {"0.1.0"},
	}
}

// OTLPHeaders are those of OTLP over HTTP, in protobuf and not compressed.
func OTLPHeaders() http.Header { return http.Header{"Content-Type": {"application/x-protobuf"}} }
