package push

import (
	"net/http"
	"testing"
)

// A client of its own keeps as many connections open as it is told, and shares
// them with nobody.
func TestOwnClient(t *testing.T) {
	shared := http.DefaultTransport.(*http.Transport)
	for connections, want := range map[int]int{0: shared.MaxIdleConnsPerHost, 7: 7} {
		own := NewClient(Config{Connections: connections}).http.Transport.(*http.Transport)
		if own == shared || own.MaxIdleConnsPerHost != want {
			t.Errorf("%d connections: the transport keeps %d", connections, own.MaxIdleConnsPerHost)
		}
	}
}

// closing is a transport that counts how often it is told to close.
type closing struct {
	http.RoundTripper
	closed int
}

func (c *closing) CloseIdleConnections() { c.closed++ }

// Connections of somebody else stay open.
func TestClose(t *testing.T) {
	theirs := &closing{}
	NewClient(Config{HTTP: &http.Client{Transport: theirs}}).Close()
	if theirs.closed != 0 {
		t.Error("the connections of another's client were closed")
	}
	own := NewClient(Config{})
	ours := &closing{}
	own.http.Transport = ours
	if own.Close(); ours.closed != 1 {
		t.Error("the connections stay open")
	}
}
