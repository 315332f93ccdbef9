package explorer

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/tree"
)

// browser starts a headless Chromium of the test's own and returns its context.
// Without one installed the test is skipped, except in CI.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := realserver.Find(t, "chromium")
	profile, err := os.MkdirTemp("", "metertree-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(60*time.Second))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf))
	ctx, cancel := context.WithTimeout(tab, 90*time.Second)
	t.Cleanup(func() {
		if err := chromedp.Cancel(tab); err != nil {
			t.Logf("closing the browser: %v", err)
		}
		cancel()
		closeTab()
		stop()
		discard(t, profile)
	})
	return ctx
}

// discard removes the browser's profile, into which its last processes may write
// a little longer than the browser lives.
func discard(t *testing.T, dir string) {
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := os.RemoveAll(dir)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("the browser's profile stays: %v", err)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// page is the explorer over a source, open in a browser.
type page struct {
	t      *testing.T
	ctx    context.Context
	server *httptest.Server
	url    string
}

func open(t *testing.T, source tree.Source, width, height int64, scheme string) *page {
	t.Helper()
	mux := http.NewServeMux()
	Mount(mux, source)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p := &page{t: t, ctx: browser(t), server: server, url: server.URL}
	chromedp.ListenTarget(p.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page threw: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			for _, argument := range e.Args {
				t.Errorf("the page wrote to the console: %s: %s%s", e.Type, argument.Value, argument.Description)
			}
		case *log.EventEntryAdded:
			p.complain(e.Entry)
		}
	})
	p.run(
		chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	)
	return p
}

// complain reports what the browser itself finds wrong with the page, such as a
// file that is missing or a policy that is broken. A server that fails or is gone
// is what some tests are about.
func (p *page) complain(entry *log.Entry) {
	if entry.Level == log.LevelError && !strings.HasPrefix(entry.URL, p.url+"/api/") {
		p.t.Errorf("the browser complains about %s: %s", entry.URL, entry.Text)
	}
}

func (p *page) run(actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) visit(path string) {
	p.t.Helper()
	p.run(chromedp.Navigate(p.url + path))
	p.wait(`document.querySelectorAll('#tree [role=treeitem]').length > 0 && !document.querySelector('#detail').hasAttribute('aria-busy')`)
}

// wait waits until a JavaScript expression is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	err := chromedp.Run(p.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(20*time.Second)))
	if err != nil {
		var text string
		_ = chromedp.Run(p.ctx, chromedp.Evaluate(`document.body.innerText.slice(0, 1500)`, &text))
		p.shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
		p.t.Fatalf("waiting for %s: %v; the page reads:\n%s", expression, err, text)
	}
}

func (p *page) text(expression string) string {
	p.t.Helper()
	var s string
	p.run(chromedp.Evaluate(expression, &s))
	return s
}

func (p *page) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.run(chromedp.KeyEvent(k))
	}
}

// press sends a key as a keyboard does: the character follows from the key, so a
// page that handles the key keeps the character away.
func (p *page) press(key string) {
	p.t.Helper()
	p.run(
		input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithText(key),
		input.DispatchKeyEvent(input.KeyUp).WithKey(key),
	)
}

// row is the JavaScript expression of the tree's line with a key.
func row(key string) string { return fmt.Sprintf("document.querySelector('[data-key=%q]')", key) }

func (p *page) click(key string) {
	p.t.Helper()
	p.wait(row(key) + " !== null")
	p.run(chromedp.Click(fmt.Sprintf("[data-key=%q] .name", key), chromedp.ByQuery))
}

// shot keeps a screenshot: in a directory of the test, or in the one that
// METERTREE_SCREENSHOTS names.
func (p *page) shot(name string) string {
	p.t.Helper()
	dir := os.Getenv("METERTREE_SCREENSHOTS")
	if dir == "" {
		dir = p.t.TempDir()
	}
	var png []byte
	if err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		p.t.Logf("screenshot %s: %v", name, err)
		return ""
	}
	path := filepath.Join(dir, name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}
