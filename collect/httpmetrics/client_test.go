package httpmetrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// newClient returns a client that measures into a registry of its own.
func newClient(t testing.TB, options ClientOptions) (*Client, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	c, err := NewClient(meter.New(r), options)
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

// tripper is a base that answers as it likes.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering returns a base that answers with a status and a body.
func answering(status int, body io.ReadCloser) tripper {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: body, Request: r}, nil
	}
}

func failing(err error) tripper {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// text is a body that is text and nothing more.
func text(s string) io.ReadCloser { return io.NopCloser(onlyReader{strings.NewReader(s)}) }

type onlyReader struct{ io.Reader }

func request(method, url string) *http.Request {
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// send sends a request and takes no interest in the response.
func send(t http.RoundTripper, r *http.Request) error {
	response, err := t.RoundTrip(r)
	if err == nil {
		response.Body.Close()
	}
	return err
}

func TestClientGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := newClient(t, ClientOptions{Peer: Peers("api.example.com")})
		slow := c.Transport(tripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(30 * time.Millisecond)
			return answering(200, text("body"))(r)
		}))
		response, err := slow.RoundTrip(request("GET", "https://api.example.com/a"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Millisecond)
		if _, err := io.ReadAll(response.Body); err != nil {
			t.Error(err)
		}
		response.Body.Close()
		broken := errors.New("broken")
		if err := send(c.Transport(failing(broken)), request("POST", "http://elsewhere")); err != broken {
			t.Errorf("the error became %v", err)
		}
		golden(t, "testdata/client.txt", exposed(t, r))
	})
}

// drain reads a body as one without io.WriterTo.
func drain(r *http.Response) { _, _ = io.Copy(io.Discard, onlyReader{r.Body}) }

// writeTo reads a body through its io.WriterTo.
func writeTo(r *http.Response) { _, _ = r.Body.(io.WriterTo).WriteTo(io.Discard) }

// breaking is a body that fails in the middle.
type breaking struct{ err error }

func (b breaking) Read([]byte) (int, error) { return 0, b.err }
func (b breaking) Close() error             { return nil }

func TestBodyEndsOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		body   io.ReadCloser
		use    func(*http.Response)
		errors string
	}{
		"closed unread":    {text("body"), func(r *http.Response) { r.Body.Close() }, ""},
		"closed twice":     {text("body"), func(r *http.Response) { r.Body.Close(); r.Body.Close() }, ""},
		"read to the end":  {text("body"), func(r *http.Response) { drain(r) }, ""},
		"read, and closed": {text("body"), func(r *http.Response) { drain(r); r.Body.Close() }, ""},
		"written to":       {io.NopCloser(strings.NewReader("body")), func(r *http.Response) { writeTo(r); r.Body.Close() }, ""},
		"none":             {http.NoBody, func(*http.Response) {}, ""},
		"nil":              {nil, func(*http.Response) {}, ""},
		"broken":           {breaking{io.ErrUnexpectedEOF}, func(r *http.Response) { drain(r); r.Body.Close() }, "other"},
		"too late":         {breaking{context.DeadlineExceeded}, func(r *http.Response) { drain(r); r.Body.Close() }, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			c, r := newClient(t, ClientOptions{})
			//nolint:bodyclose // whether and how it is closed is what is varied
			response, err := c.Transport(answering(204, tt.body)).RoundTrip(request("GET", "http://x"))
			if err != nil {
				t.Fatal(err)
			}
			tt.use(response)
			expect(t, r, "http_client_requests_in_flight 0",
				`http_client_requests_total{method="GET",status="2xx"} 1`,
				`http_client_exchange_duration_seconds_count{method="GET"} 1`)
			if tt.errors != "" {
				expect(t, r, `http_client_errors_total{kind="`+tt.errors+`",method="GET"} 1`)
			} else if page := exposed(t, r); strings.Contains(page, "http_client_errors_total{") {
				t.Errorf("an error was counted:\n%s", samples(page))
			}
		})
	}
}

func TestOpenBodyIsInFlight(t *testing.T) {
	c, r := newClient(t, ClientOptions{})
	response, err := c.Transport(answering(200, text("body"))).RoundTrip(request("GET", "http://x"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, "http_client_requests_in_flight 1")
	response.Body.Close()
	expect(t, r, "http_client_requests_in_flight 0")
}

func TestPanickingTransportIsNotInFlight(t *testing.T) {
	c, r := newClient(t, ClientOptions{})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		err := send(c.Transport(tripper(func(*http.Request) (*http.Response, error) { panic("fault") })), request("GET", "http://x"))
		t.Errorf("returned %v", err)
	}()
	expect(t, r, "http_client_requests_in_flight 0")
}

// duplex is the body after 101.
type duplex struct {
	io.ReadCloser
	io.Writer
}

func TestBodiesCanDoWhatTheBaseCan(t *testing.T) {
	writerTo := func() io.ReadCloser { return io.NopCloser(strings.NewReader("body")) }
	for name, tt := range map[string]struct {
		body            io.ReadCloser
		writes, writeTo bool
	}{
		"plain":     {text("body"), false, false},
		"writer to": {writerTo(), false, true},
		"upgraded":  {duplex{text("body"), io.Discard}, true, false},
		"both": {struct {
			io.ReadCloser
			io.Writer
			io.WriterTo
		}{text(""), io.Discard, strings.NewReader("body")}, true, true},
	} {
		c, _ := newClient(t, ClientOptions{})
		response, err := c.Transport(answering(101, tt.body)).RoundTrip(request("GET", "http://x"))
		if err != nil {
			t.Fatal(err)
		}
		writer, writes := response.Body.(io.Writer)
		to, writesTo := response.Body.(io.WriterTo)
		if writes != tt.writes || writesTo != tt.writeTo {
			t.Errorf("%s: io.Writer %v, io.WriterTo %v", name, writes, writesTo)
		}
		if writes {
			if n, err := writer.Write([]byte("abc")); n != 3 || err != nil {
				t.Errorf("%s: wrote %d, err %v", name, n, err)
			}
		}
		if writesTo {
			var b strings.Builder
			if _, err := to.WriteTo(&b); err != nil || b.String() != "body" {
				t.Errorf("%s: %q, err %v", name, b.String(), err)
			}
		}
		response.Body.Close()
	}
}

func TestPeers(t *testing.T) {
	peer := Peers("API.example.com.", "db.example.com:8080", "[::1]", "plain:80")
	for url, want := range map[string]string{
		"https://api.example.com/x":       "API.example.com.",
		"https://api.EXAMPLE.com.:443/x":  "API.example.com.",
		"http://api.example.com:80":       "API.example.com.",
		"http://api.example.com:443":      Unknown,
		"http://db.example.com":           Unknown,
		"http://db.example.com:8080/path": "db.example.com:8080",
		"http://[::1]:80/":                "[::1]",
		"http://other.example.com":        Unknown,
	} {
		if got := peer(request("GET", url)); got != want {
			t.Errorf("%s is %s, want %s", url, got, want)
		}
	}
	r := request("GET", "https://api.example.com:443/x")
	if n := testing.AllocsPerRun(100, func() { peer(r) }); n != 0 {
		t.Errorf("%v allocations per look-up", n)
	}
}

func TestPeersAreBounded(t *testing.T) {
	const budget, asked = 50, maxCached + 100
	c, r := newClient(t, ClientOptions{Peer: func(r *http.Request) string { return r.URL.Host }, SeriesBudget: budget})
	transport := c.Transport(answering(200, http.NoBody))
	for i := range asked {
		if err := send(transport, request("GET", "http://h"+strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := seriesOf(t, r, "http_client_requests_total"); n > budget+1 {
		t.Errorf("%d series, budget %d", n, budget)
	}
	expect(t, r, fmt.Sprintf(`http_client_requests_total{method="GET",peer="__overflow__",status="2xx"} %d`, asked-budget))
}

// idle is a base that is told to close its connections.
type idle struct {
	tripper
	closed bool
}

func (i *idle) CloseIdleConnections() { i.closed = true }

func TestIdleConnectionsAreClosed(t *testing.T) {
	c, _ := newClient(t, ClientOptions{})
	base := &idle{tripper: answering(200, http.NoBody)}
	(&http.Client{Transport: c.Transport(base)}).CloseIdleConnections()
	if !base.closed {
		t.Error("the base was not told")
	}
	(&http.Client{Transport: c.Transport(base.tripper)}).CloseIdleConnections()
}

func TestClientIsForConcurrentUse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("body")) }))
	defer server.Close()
	c, r := newClient(t, ClientOptions{})
	client := &http.Client{Transport: c.Transport(server.Client().Transport)}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				if got := get(t, client, server.URL); got != "HTTP/1.1 body" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	all.Wait()
	expect(t, r, `http_client_requests_total{method="GET",status="2xx"} 100`,
		`http_client_exchange_duration_seconds_count{method="GET"} 100`, "http_client_requests_in_flight 0")
}

func TestClientWithoutARegistryAddsNothing(t *testing.T) {
	c, err := NewClient(meter.Scope{}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Transport(nil); got != http.DefaultTransport {
		t.Errorf("got a %T, want http.DefaultTransport", got)
	}
}

func TestClientNamesAConflict(t *testing.T) {
	r := registry.New(registry.Options{})
	if _, err := NewClient(meter.New(r), ClientOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := NewClient(meter.New(r), ClientOptions{Peer: Peers()})
	if err == nil || !strings.Contains(err.Error(), "http_client_requests_total") {
		t.Errorf("err = %v, want one that names the metric", err)
	}
}

func BenchmarkClient(b *testing.B) {
	c, _ := newClient(b, ClientOptions{Peer: Peers("api.example.com")})
	r := request("GET", "https://api.example.com/a")
	response := &http.Response{StatusCode: http.StatusOK, Request: r}
	body := text("body")
	transport := c.Transport(tripper(func(*http.Request) (*http.Response, error) {
		response.Body = body
		return response, nil
	}))
	b.ReportAllocs()
	for b.Loop() {
		answer, err := transport.RoundTrip(r)
		if err != nil {
			b.Fatal(err)
		}
		answer.Body.Close()
	}
}
