package observer

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// inBrowser opens a page in Chromium, and returns the document and what the
// console says.
func inBrowser(t *testing.T, url string) (document, console string) {
	t.Helper()
	path := realserver.Find(t, "chromium")
	profile, err := os.MkdirTemp("", "metertree-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The browser's last processes may write a little longer.
		err := realserver.Eventually(context.Background(), 10*time.Second, func(context.Context) error {
			return os.RemoveAll(profile)
		})
		if err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--enable-logging=stderr", "--dump-dom", url)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	if err := command.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, log.String())
	}
	var lines []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return out.String(), strings.Join(lines, "")
}

// A browser shows the pages as they are meant, and runs nothing in them.
func TestPagesInABrowser(t *testing.T) {
	r := New(Options{Service: hostile, Series: families(grid("large_total", 9, 90))})
	add(t, r, "store", func(context.Context) Status { return Status{Health: Degraded, State: hostile} })
	mux := http.NewServeMux()
	mux.Handle("/inside/", http.StripPrefix("/inside", r.Handler()))
	mux.HandleFunc("/refused", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", contentSecurity)
		_, _ = w.Write([]byte("<!doctype html><style>p { color: red }</style>"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, want := range map[string]string{
		"/inside/?refresh=0":            `<a class="name" href="./store">store</a>`,
		"/inside/cardinality?budget=50": "9 left without shard",
	} {
		document, console := inBrowser(t, server.URL+path)
		if !strings.Contains(document, want) || console != "" {
			t.Errorf("%s: console %q, document\n%s", path, console, document)
		}
	}
	if _, console := inBrowser(t, server.URL+"/refused"); !strings.Contains(console, "Content Security Policy") {
		t.Errorf("nothing is said of a style that is refused: console %q", console)
	}
}
