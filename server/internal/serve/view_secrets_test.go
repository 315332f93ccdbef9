package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/explorer"
	"github.com/metertree/metertree/server/internal/queryapi"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// viewing shows what the server at an address with credentials stores, and logs all
// there is to log.
func viewing(t *testing.T, address string, web webconfig.Options) (at string, log *apitest.Log) {
	t.Helper()
	log = &apitest.Log{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	remote, err := queryapi.New(queryapi.Options{
		URL: address, Header: http.Header{"X-Key": {"hush-query-header"}},
		OnNotice: func(text string) { logger.Warn(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remote.Close)
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- View(ctx, ViewOptions{
			ListenAddress: "127.0.0.1:0", Web: web, Logger: logger,
			Pages: func(mux *http.ServeMux) {
				explorer.Mount(mux, remote)
				mux.HandleFunc("GET /log", func(w http.ResponseWriter, _ *http.Request) {
					panic("asking " + address)
				})
			},
			OnReady: func(url string) { ready <- url },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSuffix(<-ready, "/"), log
}

// A viewer shows none of the credentials that it asks with, whatever the remote
// answers, and sends them to nobody else.
func TestViewersSecretsStayInside(t *testing.T) {
	elsewhere, strays := canary(t)
	var asked atomic.Int64
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch n := asked.Add(1); {
		case password != "hush-query-password" || r.Header.Get("X-Key") == "":
			t.Errorf("%s: asked without credentials", r.URL)
		case n%3 == 0:
			// It repeats what it was sent, as errors of proxies do.
			http.Error(w, fmt.Sprintf("cannot GET http://me:%s@h/: %v", password, r.URL), http.StatusBadGateway)
		case n%3 == 1:
			http.Redirect(w, r, "http://"+elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
		default:
			http.Redirect(w, r, "http://me:"+password+"@"+elsewhere+"/?token=hush-query-token", http.StatusFound)
		}
	}))
	defer remote.Close()
	tokens := filepath.Join(t.TempDir(), "tokens")
	rewrite(t, tokens, "hush-push-0123456789abcdef")
	at, log := viewing(t, strings.Replace(remote.URL, "http://", "http://me:hush-query-password@", 1), webconfig.Options{TokenFile: tokens})
	for _, path := range append([]string{"/api/v1/tree", "/api/v1/tree?metric=x", "/api/v1/tree/nothing", "/metric/x", "/log"}, shownPaths...) {
		for range 3 {
			response, err := http.Get(at + path)
			if path == "/log" && err != nil {
				continue // it panics, so that something is logged
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			_, body := get(t, at+path)
			if found := planted.FindString(body); found != "" {
				t.Errorf("%s shows %s: %.300s", path, found, body)
			}
		}
	}
	asksNothingOf(t, at, elsewhere)
	if asked.Load() < 3 {
		t.Errorf("the remote was asked %d times", asked.Load())
	}
	if n := strays.Load(); n > 0 {
		t.Errorf("%d connections were made to where nobody should go", n)
	}
	if found := planted.FindString(log.String()); found != "" || !strings.Contains(log.String(), "<secret>@") {
		t.Errorf("the log has %q: %s", found, log.String())
	}
}
