package realserver

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
)

// TestChild is the program that TestStartAndStop starts; it serves until it is
// killed.
func TestChild(t *testing.T) {
	address := os.Getenv("REALSERVER_CHILD")
	if address == "" {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening on", address)
	t.Fatal(http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
}
