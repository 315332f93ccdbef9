package explorer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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

// chromium is the browser that all tests share, each in a tab of its own. Their
// servers are origins of their own, so that nothing is left behind for the next.
var chromium struct {
	sync.Once
	running *running
	err     error
}

type running struct {
	tab  context.Context // of the browser's first tab
	stop func() error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.running != nil {
		if err := chromium.running.stop(); err != nil {
			fmt.Fprintf(os.Stderr, "closing the browser: %v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

// start starts a headless Chromium of the tests' own.
func start(path string) (*running, error) {
	profile, err := os.MkdirTemp("", "metertree-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Flag("headless", "new"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(60*time.Second))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(allocator)
	if err := chromedp.Run(tab); err != nil {
		closeTab()
		stop()
		return nil, errors.Join(err, discard(profile))
	}
	return &running{tab, func() error {
		err := chromedp.Cancel(tab)
		closeTab()
		stop()
		return errors.Join(err, discard(profile))
	}}, nil
}

// newTab returns the context of a tab. Without a Chromium installed the test is
// skipped, except in CI.
func newTab(t *testing.T) context.Context {
	t.Helper()
	path := realserver.Find(t, "chromium")
	chromium.Do(func() { chromium.running, chromium.err = start(path) })
	if chromium.err != nil {
		t.Fatalf("starting %s: %v", path, chromium.err)
	}
	tab, closeTab := chromedp.NewContext(chromium.running.tab)
	ctx, cancel := context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(func() {
		cancel()
		closeTab()
	})
	return ctx
}

// discard removes the browser's profile, into which its last processes may write
// a little longer than the browser lives.
func discard(dir string) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := os.RemoveAll(dir)
		if err == nil || time.Now().After(deadline) {
			return err
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
	// intercept, when set, may answer a request in place of the server.
	intercept atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

func open(t *testing.T, source tree.Source, width, height int64, scheme string) *page {
	t.Helper()
	mux := http.NewServeMux()
	Mount(mux, source)
	return openHandler(t, mux, width, height, scheme)
}

func openHandler(t *testing.T, handler http.Handler, width, height int64, scheme string) *page {
	t.Helper()
	p := &page{t: t}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := p.intercept.Load(); f != nil && (*f)(w, r) {
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	p.ctx, p.url = newTab(t), p.server.URL
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

// answer lets a function answer requests in place of the server, if it returns
// true; nil ends it.
func (p *page) answer(f func(http.ResponseWriter, *http.Request) bool) {
	if f == nil {
		p.intercept.Store(nil)
		return
	}
	p.intercept.Store(&f)
}

// complain reports what the browser itself finds wrong with the page, such as a
// file that is missing or a policy that is broken. A server that fails or is gone
// is what some tests are about.
func (p *page) complain(entry *log.Entry) {
	if entry.Level == log.LevelError && !strings.Contains(entry.URL, "/api/") {
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
	p.wait(`document.querySelectorAll('#tree [role=treeitem]').length > 0 && ` + settled)
}

// settled says in JavaScript that nothing is under way that a reader waits for.
const settled = `!document.querySelector('#detail').hasAttribute('aria-busy') && !!document.querySelector('#detail h1') && ![...document.querySelectorAll('.waiting')].some((e) => {
	const r = e.getBoundingClientRect(), box = document.querySelector('#tree').getBoundingClientRect();
	return r.bottom > box.top && r.top < box.bottom;
})`

// plotted says in JavaScript that the plot has lines and that pixels were drawn.
const plotted = `(() => {
	const c = document.querySelector('.u-wrap canvas');
	if (!c || !c.width) return false;
	const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
	let n = 0;
	for (let i = 3; i < d.length; i += 4) if (d[i] > 0) n++;
	return n > 2000;
})()`

// wait waits until a JavaScript expression is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	err := chromedp.Run(p.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(40*time.Second)))
	if err != nil {
		var text string
		_ = chromedp.Run(p.ctx, chromedp.Evaluate(`location.search + "\n" + document.body.innerText.slice(0, 1500)`, &text))
		p.shot("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
		p.t.Fatalf("waiting for %s: %v; the page reads:\n%s", expression, err, text)
	}
}

// text evaluates a JavaScript expression whose value is a string.
func (p *page) text(expression string) string {
	p.t.Helper()
	var s string
	p.run(chromedp.Evaluate(expression, &s))
	return s
}

func (p *page) eval(expression string) {
	p.t.Helper()
	p.run(chromedp.Evaluate(expression, nil))
}

// expect fails the test if the text of an expression lacks a part.
func (p *page) expect(expression, part string) {
	p.t.Helper()
	if got := p.text(expression); !strings.Contains(got, part) {
		p.t.Errorf("%s is %q, without %q", expression, got, part)
	}
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

// click clicks the tree's line with a key.
func (p *page) click(key string) {
	p.t.Helper()
	p.wait(row(key) + " !== null")
	p.run(chromedp.Click(fmt.Sprintf("[data-key=%q] .name", key), chromedp.ByQuery))
}

// tap clicks the first element that a selector finds and whose text begins so.
func (p *page) tap(selector, text string) {
	p.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.checkVisibility() && e.textContent.startsWith(%q))", selector, text)
	p.wait(find + " !== undefined")
	var at []float64
	p.run(chromedp.Evaluate(`(() => { const e = `+find+`; e.scrollIntoView({ block: 'nearest' }); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, &at))
	p.run(chromedp.MouseClickXY(at[0], at[1]))
}

// title waits until a node is shown.
func (p *page) title(want string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector('h1')?.textContent === %q && %s`, want, settled))
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

func moveTo(x, y float64) chromedp.Action { return input.DispatchMouseEvent(input.MouseMoved, x, y) }

// awaited makes an evaluation wait for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

func navigate(url string) chromedp.Action { return chromedp.Navigate(url) }

func back() chromedp.Action { return chromedp.NavigateBack() }

func reduceMotion() chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}})
}
