package bind

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/crowd"
)

func TestListenSaysWhy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, says := range map[string]string{
		"nowhere":               "--web.listen-address=here:1",
		taken.Addr().String():   "in use by another process",
		"no.such.host.invalid:": "cannot be bound",
	} {
		if _, err := Listen(address, "here:1"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v does not say %s", address, err, says)
		}
	}
}

// More connections than are allowed, none of which asks anything, keep nobody out.
func TestSilentConnectionsMakeRoom(t *testing.T) {
	listener, err := Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ConnState:         crowd.Follow,
		ReadHeaderTimeout: time.Minute,
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with Close
	defer serving.Wait()
	defer server.Close()
	address := Dialable(listener)
	for range maxConnections + 10 {
		silent, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
