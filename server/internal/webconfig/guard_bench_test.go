package webconfig

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What the door costs a request: those who are known, those who guess, and those
// with a token. The password is hashed at the usual cost of 10.
func BenchmarkGuard(b *testing.B) {
	const usual = "$2a$10$qjPoF3G75b33y167Y3ZEnuoM15pQe2n09.O9EJBL7bYzDdozBxHom"
	users := file(b, "web.yml", "basic_auth_users: {me: "+usual+"}")
	tokens := file(b, "tokens", token)
	guess := 0
	for name, bench := range map[string]struct {
		options Options
		who     credentials
	}{
		"nobody asked":   {Options{}, nobody},
		"known password": {Options{ConfigFile: users}, basic("me", password)},
		"guess":          {Options{ConfigFile: users}, func(r *http.Request) { guess++; r.SetBasicAuth("me", fmt.Sprint(guess)) }},
		"token":          {Options{TokenFile: tokens}, bearer(token)},
	} {
		b.Run(name, func(b *testing.B) {
			s := serve(b, bench.options)
			client := &http.Client{Timeout: 10 * time.Second}
			defer client.CloseIdleConnections()
			for b.Loop() {
				request := httptest.NewRequest(http.MethodPost, s.url, nil)
				request.RequestURI = ""
				bench.who(request)
				response, err := client.Do(request)
				if err != nil {
					b.Fatal(err)
				}
				_ = response.Body.Close()
			}
		})
	}
}
