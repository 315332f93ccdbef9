package sqlmetrics

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// pool is a pool that says what it is told to.
type pool struct {
	stats sql.DBStats
	asked atomic.Int64
}

func (p *pool) Stats() sql.DBStats {
	p.asked.Add(1)
	return p.stats
}

func newPools(t *testing.T) (*Pools, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	p, err := Register(meter.New(r))
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

func (p *Pools) mustAdd(t *testing.T, name string, pool Pool) {
	t.Helper()
	if err := p.Add(name, pool); err != nil {
		t.Fatal(err)
	}
}

// exposed is the exposition of the metrics that begin with go_sql_.
func exposed(t *testing.T, r *registry.Registry) string {
	t.Helper()
	var page, own strings.Builder
	if _, err := prometheus.Write(t.Context(), &page, r.Collect(t.Context())); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if strings.Contains(line, "go_sql_") {
			own.WriteString(line)
		}
	}
	return own.String()
}

func expect(t *testing.T, r *registry.Registry, lines ...string) {
	t.Helper()
	page := exposed(t, r)
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, page)
		}
	}
}

func TestGolden(t *testing.T) {
	p, r := newPools(t)
	p.mustAdd(t, "orders", &pool{stats: sql.DBStats{
		MaxOpenConnections: 10, OpenConnections: 7, InUse: 4, Idle: 3,
		WaitCount: 5, WaitDuration: 1500 * time.Millisecond,
		MaxIdleClosed: 1, MaxIdleTimeClosed: 2, MaxLifetimeClosed: 3,
	}})
	p.mustAdd(t, "audit", &pool{})
	got := exposed(t, r)
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
}

// The table in the package comment is where users look names up.
func TestEveryMetricIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "//\tgo_sql_") {
			rows++
		}
	}
	if rows != len(values) {
		t.Errorf("%d metrics are documented, %d are collected", rows, len(values))
	}
	for _, v := range values {
		if !strings.Contains(strings.Join(strings.Fields(string(doc)), " "), "// go_sql_"+v.name+" "+v.kind.String()+" ") {
			t.Errorf("go_sql_%s, a %s, is not documented", v.name, v.kind)
		}
	}
}

func TestNoLimitIsAbsent(t *testing.T) {
	p, r := newPools(t)
	db := &pool{}
	p.mustAdd(t, "a", db)
	if page := exposed(t, r); strings.Contains(page, "go_sql_max_open_connections{") {
		t.Errorf("a limit is shown:\n%s", page)
	}
	db.stats.MaxOpenConnections = 3
	expect(t, r, `go_sql_max_open_connections{db_name="a"} 3`)
}

func TestPoolsAreAskedOncePerCollection(t *testing.T) {
	p, r := newPools(t)
	db := &pool{}
	p.mustAdd(t, "a", db)
	for range 3 {
		exposed(t, r)
	}
	if got := db.asked.Load(); got != 3 {
		t.Errorf("asked %d times in 3 collections", got)
	}
}

func TestAddAndRemove(t *testing.T) {
	p, r := newPools(t)
	for i, name := range []string{"b", "c", "a"} {
		p.mustAdd(t, name, &pool{stats: sql.DBStats{InUse: i}})
	}
	if err := p.Add("b", &pool{}); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("err = %v, want one that names the pool", err)
	}
	if err := p.Add("", &pool{}); err == nil {
		t.Error("a pool without a name was taken")
	}
	if err := p.Add("d", nil); err == nil || !strings.Contains(err.Error(), `"d"`) {
		t.Errorf("err = %v, want one that names the pool that is nil", err)
	}
	expect(t, r, `go_sql_in_use_connections{db_name="a"} 2`, `go_sql_in_use_connections{db_name="b"} 0`, `go_sql_in_use_connections{db_name="c"} 1`)
	if !p.Remove("b") || p.Remove("b") {
		t.Error("Remove does not tell whether there was a pool")
	}
	if page := exposed(t, r); strings.Contains(page, `"b"`) {
		t.Errorf("a removed pool is shown:\n%s", page)
	}
	p.mustAdd(t, "b", &pool{stats: sql.DBStats{InUse: 9}})
	expect(t, r, `go_sql_in_use_connections{db_name="b"} 9`)
}

func TestPoolsAreForConcurrentUse(t *testing.T) {
	p, r := newPools(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			name := strconv.Itoa(i)
			for range 50 {
				if err := p.Add(name, &pool{}); err != nil {
					t.Error(err)
				}
				exposed(t, r)
				if !p.Remove(name) {
					t.Errorf("pool %s is gone", name)
				}
			}
		})
	}
	all.Wait()
	if page := exposed(t, r); strings.Contains(page, "{") {
		t.Errorf("a removed pool is shown:\n%s", page)
	}
}

func TestRegisterTwiceFails(t *testing.T) {
	r := registry.New(registry.Options{})
	if _, err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	_, err := Register(meter.New(r))
	if err == nil || !strings.Contains(err.Error(), "go_sql_open_connections") {
		t.Errorf("err = %v, want one that names go_sql_open_connections", err)
	}
}

func TestRegisterOnTheZeroScope(t *testing.T) {
	p, err := Register(meter.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	p.mustAdd(t, "a", &pool{})
}

// connector makes connections that do nothing, for a real *sql.DB.
type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type conn struct{}

var errIdle = errors.New("this connection does nothing")

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errIdle }
func (conn) Begin() (driver.Tx, error)           { return nil, errIdle }
func (conn) Close() error                        { return nil }

func TestRealPool(t *testing.T) {
	db := sql.OpenDB(connector{})
	defer db.Close()
	db.SetMaxOpenConns(5)
	p, r := newPools(t)
	p.mustAdd(t, "real", db)
	used, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, `go_sql_in_use_connections{db_name="real"} 1`, `go_sql_max_open_connections{db_name="real"} 5`)
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, r, `go_sql_in_use_connections{db_name="real"} 0`, `go_sql_idle_connections{db_name="real"} 1`)
}
