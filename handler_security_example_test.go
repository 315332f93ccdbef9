package metertree_test

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/metertree/metertree"
)

// A guard decides who sees the pages. Profiles are for those whom it lets in,
// wherever they are.
func ExampleSecurity() {
	guard := func(pages http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			if subtle.ConstantTimeCompare([]byte(password), []byte("open sesame")) == 0 {
				w.Header().Set("WWW-Authenticate", "Basic")
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			pages.ServeHTTP(w, r)
		})
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen:    metertree.NoListener, // in this example
		Profiling: true,
		Security:  metertree.Security{Guard: guard, RemoteProfiling: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())

	for _, password := range []string{"guess", "open sesame"} {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.SetBasicAuth("me", password)
		recorder := httptest.NewRecorder()
		rt.Handler().ServeHTTP(recorder, request)
		fmt.Println(http.StatusText(recorder.Code))
	}
	// Output:
	// Unauthorized
	// OK
}

// The certificate is loaded anew for each connection, so that a renewed one is
// served without a restart.
func ExampleSecurity_certificate() {
	renewed := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair("/etc/checkout/server.pem", "/etc/checkout/server.key")
			return &pair, err
		},
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Service:  "checkout",
		Security: metertree.Security{TLS: renewed, Hosts: []string{"checkout.example.org"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close(context.Background())
}
