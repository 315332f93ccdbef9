package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// tinyPlan goes through everything in seconds.
func tinyPlan() Plan {
	return Plan{
		Rounds: 1,
		Scrape: ScrapePlan{
			Targets: 3, Paths: 2, Interval: time.Second, Settle: 100 * time.Millisecond, Lasting: 1100 * time.Millisecond,
			Faster: []time.Duration{500 * time.Millisecond}, FasterSettle: 100 * time.Millisecond, FasterLasting: 600 * time.Millisecond,
		},
		Write:      WritePlan{Instances: 4, Paths: 2, Senders: 2, Ticks: 185, Step: time.Minute},
		OTLP:       OTLPPlan{Senders: 2, Ticks: 3, Sums: 10, Histograms: 5, Step: 15 * time.Second},
		QueryTimes: 2, QueryWarmUp: 1,
		Starts: 1, Idle: time.Millisecond,
	}
}

// built is where TestMain has room for what tests build.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "metertree-servers-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

// buildMetertree builds the server once.
var buildMetertree = sync.OnceValues(func() (output []byte, err error) {
	build := exec.Command("go", "build", "-C", filepath.Join("..", "..", "server"), "-o", filepath.Join(built, "metertree"), "./cmd/metertree")
	return build.CombinedOutput()
})

// realServers are those that need no long build: all but the newer Prometheus.
func realServers(t *testing.T) []Server {
	t.Helper()
	b := Binaries{
		Metertree:     filepath.Join(built, "metertree"),
		OldPrometheus: realserver.Find(t, "prometheus"), VictoriaMetrics: realserver.Find(t, "victoria-metrics"),
	}
	if output, err := buildMetertree(); err != nil {
		t.Fatalf("building metertree: %v\n%s", err, output)
	}
	return slices.DeleteFunc(All(b), func(s Server) bool { return s.Binary == "" })
}

// The whole of it with real servers: what they have stored and answered is
// compared there.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	var said []string
	b := Bench{Plan: tinyPlan(), Servers: realServers(t), Dir: dir, Say: func(line string) { said = append(said, line) }}
	results, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range Sections(b.Plan) {
		for _, row := range section.Rows {
			for _, s := range b.Servers {
				if _, ok := results.Median(s.Name, row); ok != has(s, section) {
					t.Errorf("%s has a figure of %s: %v", s.Name, row, ok)
				}
			}
			if v, _ := results.Median(Metertree, row); v < 0 {
				t.Errorf("metertree, %s: figure %v is below zero", row, v)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("storages are left: %v, %v", left, err)
	}
	if len(said) == 0 {
		t.Error("nothing was said of what is done")
	}
}

// has says whether a server has figures in a section.
func has(s Server, section Section) bool {
	switch {
	case strings.HasPrefix(section.Title, "Tree"):
		return s.Name == Metertree
	case section.Title == "OTLP":
		return s.OTLP()
	}
	return true
}

// What a server does not have counts as none, and is no error.
func TestHoldsNothing(t *testing.T) {
	b := Bench{Plan: tinyPlan(), Servers: realServers(t)[:1], Dir: t.TempDir(), Say: func(string) {}}
	dir, err := b.workplace(noScrapes)
	if err != nil {
		t.Fatal(err)
	}
	p, err := start(t.Context(), b.Servers[0], nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	n, err := p.holds(t.Context(), []string{"nothing_of_this_name"}, span{time.Now().Add(-time.Hour), time.Now()})
	if n != 0 || err != nil {
		t.Errorf("%d samples, %v, want none", n, err)
	}
	if _, err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestStartSaysWhatTheServerSaid(t *testing.T) {
	s := Server{Name: "nothing", Binary: "sh", ready: "/", arguments: func(string, string, string) []string {
		return []string{"-c", "echo no such luck; exit 3"}
	}}
	if _, err := start(t.Context(), s, nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("error %v, want what the program has printed", err)
	}
	s.Binary = "./no-such-program"
	if _, err := start(t.Context(), s, nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("error %v, want one with the server's name", err)
	}
}
