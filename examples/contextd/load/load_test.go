package load

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// recorder answers requests without a network and remembers them.
type recorder struct {
	delay time.Duration

	mu       sync.Mutex
	seen     []seen
	underWay int
	most     int
}

type seen struct {
	at            time.Time
	method        string
	account, path string
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	parts := strings.SplitN(strings.TrimPrefix(request.URL.Path, "/v1/accounts/"), "/", 2)
	r.mu.Lock()
	r.seen = append(r.seen, seen{time.Now(), request.Method, parts[0], "/" + parts[1]})
	r.underWay++
	r.most = max(r.most, r.underWay)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.underWay--
		r.mu.Unlock()
	}()
	if err := pause.For(request.Context(), r.delay); err != nil {
		return nil, err
	}
	if request.Body != nil {
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	w.WriteHeader(http.StatusCreated)
	_, _ = w.WriteString(`{"session":"s1"}`)
	return w.Result(), nil
}

func (r *recorder) by(key func(seen) string) map[string]int {
	counts := map[string]int{}
	for _, s := range r.seen {
		counts[key(s)]++
	}
	return counts
}

// runFor runs a generator against a recorder in fake time; change may change what
// happens meanwhile.
func runFor(t *testing.T, d time.Duration, config Config, r *recorder, meanwhile func(*Generator)) {
	t.Helper()
	config.BaseURL = "http://service.test"
	config.Client = &http.Client{Transport: r}
	g, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { g.Run(ctx) })
	if meanwhile != nil {
		meanwhile(g)
	}
	group.Wait()
}

func TestRateAndShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		// Whole waves, so that they cancel out.
		runFor(t, 2*time.Minute, Config{Rate: 50, Period: 30 * time.Second, Seed: 1}, r, nil)
		total := len(r.seen)
		if total < 5600 || total > 6400 {
			t.Errorf("%d requests in 2 minutes at a rate of 50; want about 6000", total)
		}
		accounts := r.by(func(s seen) string { return s.account })
		for _, tenant := range DemoTenants() {
			want := tenant.Weight / 11
			if got := float64(accounts[tenant.Account]) / float64(total); math.Abs(got-want) > 0.04 {
				t.Errorf("%s made %.3f of the requests; want about %.3f", tenant.Account, got, want)
			}
		}
		if len(accounts) != len(DemoTenants()) {
			t.Errorf("accounts %v; want the demo's", accounts)
		}
	})
}

func TestTheRateRisesAndFalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		start := time.Now()
		runFor(t, 400*time.Second, Config{
			Rate: 20, Period: 400 * time.Second, Amplitude: 0.8, Tenants: []Tenant{{"one", 1}},
		}, r, nil)
		quarters := make([]int, 4)
		for _, s := range r.seen {
			quarters[min(int(s.at.Sub(start)/(100*time.Second)), 3)]++
		}
		if day, night := quarters[0]+quarters[1], quarters[2]+quarters[3]; day < 2*night {
			t.Errorf("%d requests by day, %d by night: want at least twice as many by day", day, night)
		}
	})
}

func TestEveryOperationHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		reg := registry.New(registry.Options{})
		runFor(t, time.Minute, Config{Rate: 50, Scope: meter.New(reg)}, r, nil)
		counted := map[string]int64{}
		for family := range reg.Collect(t.Context()) {
			if family.Descriptor.Name != "load_requests_total" {
				continue
			}
			for point := range family.Points {
				name := regexp.MustCompile(`operation="([^"]+)",status="2xx"`).FindStringSubmatch(point.Labels.String())
				if name == nil {
					t.Fatalf("labels %s", point.Labels.String())
				}
				counted[name[1]] = point.Int
			}
		}
		sum := int64(0)
		for _, o := range operations {
			if counted[o.name] == 0 {
				t.Errorf("operation %s did not happen: %v", o.name, counted)
			}
			sum += counted[o.name]
		}
		// The last one may have been cut off by the end.
		if made := int64(len(r.seen)); sum > made || sum < made-1 {
			t.Errorf("%d requests counted, %d made", sum, made)
		}
	})
}

func TestSharesAddUpToOne(t *testing.T) {
	sum := 0.0
	for _, o := range operations {
		sum += o.share
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("shares add up to %v", sum)
	}
}

func TestMultiply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		start := time.Now()
		config := Config{Rate: 20, Amplitude: -1, Tenants: []Tenant{{"one", 1}, {"two", 1}}}
		runFor(t, 3*time.Minute, config, r, func(g *Generator) {
			time.Sleep(time.Minute)
			restore, err := g.Multiply("two", 5)
			if err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			restore()
			restore()
		})
		var counts [3]map[string]int
		for i := range counts {
			counts[i] = map[string]int{}
		}
		for _, s := range r.seen {
			counts[min(int(s.at.Sub(start)/time.Minute), 2)][s.account]++
		}
		for i, want := range []int{600, 3000, 600} {
			if got := counts[i]["two"]; math.Abs(float64(got-want)) > 0.15*float64(want) {
				t.Errorf("minute %d: account two made %d requests; want about %d", i, got, want)
			}
			if got := counts[i]["one"]; math.Abs(float64(got-600)) > 90 {
				t.Errorf("minute %d: account one made %d requests; want about 600", i, got)
			}
		}
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{delay: time.Second}
		reg := registry.New(registry.Options{})
		runFor(t, 20*time.Second, Config{Rate: 100, Concurrency: 7, Scope: meter.New(reg)}, r, nil)
		if r.most != 7 {
			t.Errorf("at most %d requests were under way; want 7", r.most)
		}
		for family := range reg.Collect(t.Context()) {
			for point := range family.Points {
				if family.Descriptor.Name == "load_dropped_total" && point.Int < 1500 {
					t.Errorf("%d requests counted as dropped of about 2000 of which 140 were made", point.Int)
				}
			}
		}
	})
}

func TestRunStartsWithDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		runFor(t, 5*time.Second, Config{Rate: 100, Documents: 10}, r, nil)
		first := r.seen[:40]
		if i := slices.IndexFunc(first, func(s seen) bool { return s.method != http.MethodPut }); i >= 0 {
			t.Errorf("request %d is %+v; want the first 40 to put each tenant's 10 documents", i, first[i])
		}
		for name, n := range map[string]int{"/documents/note-0": 4, "/documents/note-9": 4} {
			count := 0
			for _, s := range first {
				if s.path == name {
					count++
				}
			}
			if count != n {
				t.Errorf("%s was put %d times at the start; want %d", name, count, n)
			}
		}
	})
}

func TestSessionsAreRememberedAndForgotten(t *testing.T) {
	var one tenant
	rememberOpened(&one, call{}, http.StatusCreated, []byte(`{"session":"s1"}`))
	rememberOpened(&one, call{}, http.StatusTooManyRequests, []byte(`{"error":"full"}`))
	if !slices.Equal(one.sessions, []string{"s1"}) {
		t.Fatalf("sessions %v; want s1", one.sessions)
	}
	forgetEnded(&one, call{session: "s1"}, http.StatusCreated, nil)
	if len(one.sessions) != 1 {
		t.Error("a session that goes on was forgotten")
	}
	forgetEnded(&one, call{session: "s1"}, http.StatusNotFound, nil)
	if len(one.sessions) != 0 {
		t.Error("a session that has ended was kept")
	}
	for range maxSessions + 5 {
		one.remember("s")
	}
	if len(one.sessions) != maxSessions {
		t.Errorf("%d sessions remembered; want %d", len(one.sessions), maxSessions)
	}
}

func TestDocumentsFitTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		largest := 0
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			body := []byte(nil)
			if r.Body != nil {
				var err error
				if body, err = io.ReadAll(r.Body); err != nil {
					return nil, err
				}
			}
			var d document
			if r.Method == http.MethodPut && json.Unmarshal(body, &d) == nil {
				largest = max(largest, len(d.Text))
			}
			return httptest.NewRecorder().Result(), nil
		})
		g, err := New(Config{BaseURL: "http://service.test", Rate: 200, Concurrency: 1, Client: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		g.Run(ctx)
		if largest < 2000 || largest > 8<<10 {
			t.Errorf("the largest document has %d bytes; want some beyond 2000, none beyond 8192", largest)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestMultiplyRefuses(t *testing.T) {
	g, err := New(Config{BaseURL: "http://service.test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		account string
		factor  float64
	}{{"nobody", 2}, {"aurora", 0}, {"aurora", -1}, {"aurora", math.NaN()}, {"aurora", math.Inf(1)}} {
		if _, err := g.Multiply(test.account, test.factor); err == nil {
			t.Errorf("Multiply(%q, %v) was accepted", test.account, test.factor)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	const url = "http://service.test"
	for name, config := range map[string]Config{
		"no URL":        {},
		"no scheme":     {BaseURL: "service.test"},
		"rate":          {BaseURL: url, Rate: -1},
		"huge rate":     {BaseURL: url, Rate: MaxRate + 1},
		"not a rate":    {BaseURL: url, Rate: math.NaN()},
		"period":        {BaseURL: url, Period: -1},
		"amplitude":     {BaseURL: url, Amplitude: 1.1},
		"no account":    {BaseURL: url, Tenants: []Tenant{{Weight: 1}}},
		"no weight":     {BaseURL: url, Tenants: []Tenant{{Account: "one"}}},
		"account twice": {BaseURL: url, Tenants: []Tenant{{"one", 1}, {"one", 1}}},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: %+v was accepted", name, config)
		}
	}
}
