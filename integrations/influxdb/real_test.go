package influxdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// ask makes a query of the real database and returns its series. The user is
// there where users are.
func ask(t *testing.T, server *realserver.Process, db, query string) []shown {
	t.Helper()
	response, err := http.PostForm(server.URL+"/query?u=admin&p=admin", url.Values{"db": {db}, "q": {query}, "epoch": {"ns"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Error   string
		Results []struct {
			Error  string
			Series []shown
		}
	}
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Results) != 1 || answer.Error != "" || answer.Results[0].Error != "" {
		t.Fatalf("%s: %+v", query, answer)
	}
	return answer.Results[0].Series
}

// shown is a series as the database shows it.
type shown struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Values  [][]any
}

// fields returns the fields of the points by what they are of.
func fields(t *testing.T, all []shown) map[string]any {
	t.Helper()
	got := map[string]any{}
	for _, s := range all {
		for tag, value := range s.Tags {
			if value == "" {
				delete(s.Tags, tag)
			}
		}
		for _, row := range s.Values {
			l := line{measurement: s.Name, tags: s.Tags}
			for i, column := range s.Columns[1:] {
				if row[i+1] != nil {
					got[fmt.Sprintf("%s %s %v", l.series(), column, row[0])] = number(t, row[i+1])
				}
			}
		}
	}
	return got
}

// number is a value as the one that compares equal however it was written.
func number(t *testing.T, v any) any {
	t.Helper()
	if integer, err := strconv.ParseInt(fmt.Sprint(v), 10, 64); err == nil {
		return integer
	}
	float, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil {
		t.Fatal(err)
	}
	if whole := int64(float); float64(whole) == float && float < 1<<53 {
		return whole
	}
	return float
}

func createDatabase(t *testing.T, server *realserver.Process, db string) {
	t.Helper()
	ask(t, server, "", "CREATE DATABASE "+db)
}

func realExporter(t *testing.T, server *realserver.Process, db string, o Options) *Exporter {
	t.Helper()
	o.Retry.Initial, o.Retry.Max, o.Retry.Attempts = time.Millisecond, 10*time.Millisecond, 3
	e, err := New(server.URL, V1{Database: db}, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRealInfluxDB(t *testing.T) {
	server := realserver.InfluxDB(t)
	t.Run("every kind", func(t *testing.T) { testEveryKind(t, server) })
	t.Run("points that are not taken", func(t *testing.T) { testNotTaken(t, server) })
	t.Run("no such database", func(t *testing.T) { testNoDatabase(t, server) })
	for _, temporality := range []metric.Temporality{metric.Cumulative, metric.Delta} {
		t.Run("killed and restarted, "+temporality.String(), func(t *testing.T) { testKilled(t, server, temporality) })
		t.Run("shutdown, "+temporality.String(), func(t *testing.T) { testShutdown(t, server, temporality) })
	}
}

// testEveryKind reads back what was written of every kind and odd value.
func testEveryKind(t *testing.T, server *realserver.Process) {
	for name, o := range map[string]Options{"fields": {}, "tags": {Buckets: BucketTags}, "one": {Measurement: "all_of_them", MaxBytes: 2000}} {
		t.Run(name, func(t *testing.T) {
			createDatabase(t, server, "kinds_"+name)
			e := realExporter(t, server, "kinds_"+name, o)
			want, measurements := map[string]any{}, map[string]bool{}
			for _, families := range []*export.Batch{
				batchOf(metric.Cumulative, exporttest.Families(noon)), batchOf(metric.Delta, exporttest.OddFamilies(noon)),
			} {
				if err := e.Export(t.Context(), families); err != nil {
					t.Fatal(err)
				}
				for _, l := range mustDecode(t, encode(t, o, families)) {
					measurements[l.measurement] = true
					for field, v := range l.fields {
						want[fmt.Sprintf("%s %s %d", l.series(), field, l.time)] = number(t, v)
					}
				}
			}
			// One query for all would make floats of integers.
			got := map[string]any{}
			for measurement := range measurements {
				query := fmt.Sprintf("SELECT * FROM %q GROUP BY *", measurement)
				maps.Copy(got, fields(t, ask(t, server, "kinds_"+name, query)))
			}
			for id, v := range want {
				if got[id] != v {
					t.Errorf("%s is %v, want %v", id, got[id], v)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d fields are there, want %d", len(got), len(want))
			}
		})
	}
}

func testNotTaken(t *testing.T, server *realserver.Process) {
	createDatabase(t, server, "conflict")
	e := realExporter(t, server, "conflict", Options{})
	whole := family(metric.Descriptor{Name: "calls_total", Kind: metric.Counter}, metric.Point{Labels: labelled("a"), Int: 1})
	if err := e.Export(t.Context(), totals(whole)); err != nil {
		t.Fatal(err)
	}
	fraction := family(metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Number: metric.Float64},
		metric.Point{Labels: labelled("a"), Float: 1.5}, metric.Point{Labels: labelled("b"), Float: 1.5})
	err := e.Export(t.Context(), totals(fraction, level("x")))
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "2 points were not taken") ||
		!strings.Contains(err.Error(), "field type conflict") || !strings.Contains(err.Error(), `(line "calls_total,l=a value=1.5 `) {
		t.Errorf("error is %v", err)
	}
	if got := fields(t, ask(t, server, "conflict", "SELECT * FROM level GROUP BY *")); len(got) != 1 {
		t.Errorf("what could be taken is %v", got)
	}
	if s := e.Stats(); s.Delivered != 2 || s.Rejected != 2 {
		t.Errorf("counted %+v", s)
	}
}

func testNoDatabase(t *testing.T, server *realserver.Process) {
	e := realExporter(t, server, "nowhere", Options{})
	err := e.Export(t.Context(), totals(level("x")))
	if err == nil || errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), `database not found: "nowhere"`) {
		t.Errorf("error is %v", err)
	}
	if s := e.Stats(); s.Attempts != 1 || s.Delivered != 0 {
		t.Errorf("counted %+v", s)
	}
}

// program is one that exports to the real database.
type program struct {
	*metertree.Runtime
	calls    meter.Counter
	seconds  meter.Histogram
	recorded int
}

func start(t *testing.T, e *Exporter, temporality metric.Temporality, period time.Duration) *program {
	t.Helper()
	rt, err := metertree.Start(t.Context(), metertree.Config{
		Listen: metertree.NoListener, Period: period, Grace: 20 * time.Second,
		Exporters: []metertree.Exporter{{Name: "influxdb", Exporter: e, Temporality: temporality}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Instrument(rt.Scope()); err != nil {
		t.Error(err)
	}
	scope := rt.Scope("app")
	return &program{Runtime: rt, calls: scope.Counter("calls_total", meter.Keys("status")),
		seconds: scope.Histogram("seconds", meter.Keys("status"), meter.Buckets(0.1, 1))}
}

// record records what is known, so that it can be read back.
func (p *program) record() {
	p.recorded++
	p.calls.Add(3, "ok, or not")
	p.seconds.Observe(0.05, "ok, or not")
	p.seconds.Observe(0.5, "ok, or not")
}

// check compares what the database has with what was recorded.
func (p *program) check(t *testing.T, server *realserver.Process, db string, temporality metric.Temporality) {
	t.Helper()
	whole := "last"
	if temporality == metric.Delta {
		whole = "sum"
	}
	n := int64(p.recorded)
	for query, want := range map[string]int64{
		whole + `("value") FROM app_calls_total`: 3 * n,
		whole + `("count") FROM app_seconds`:     2 * n,
		whole + `("le_0.1") FROM app_seconds`:    n,
		whole + `("le_1") FROM app_seconds`:      2 * n,
	} {
		got := ask(t, server, db, "SELECT "+query+" WHERE \"status\" = 'ok, or not'")
		if len(got) != 1 || number(t, got[0].Values[0][1]) != want {
			t.Errorf("%s is %v, want %d", query, got, want)
		}
	}
	got := ask(t, server, db, "SELECT "+whole+`("sum") FROM app_seconds`)
	sum, err := strconv.ParseFloat(fmt.Sprint(got[0].Values[0][1]), 64)
	if want := 0.55 * float64(n); err != nil || sum < want*(1-1e-12) || sum > want*(1+1e-12) {
		t.Errorf("the sum is %v, %v, want %v", sum, err, want)
	}
}

// eventually records until the exporter has counted something more.
func (p *program) eventually(t *testing.T, e *Exporter, count func(Stats) uint64) {
	t.Helper()
	pushtest.Progress(t, func() uint64 { return count(e.Stats()) }, p.record)
}

func testKilled(t *testing.T, server *realserver.Process, temporality metric.Temporality) {
	db := "killed_" + temporality.String()
	createDatabase(t, server, db)
	e := realExporter(t, server, db, Options{MaxBytes: 1500, Tags: map[string]string{"host": "a"}})
	p := start(t, e, temporality, 10*time.Millisecond)
	delivered := func(s Stats) uint64 { return s.Delivered }
	p.eventually(t, e, delivered)
	server.Kill()
	p.eventually(t, e, func(s Stats) uint64 { return s.Failures })
	server.Restart(t)
	p.eventually(t, e, delivered)
	p.record()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p.check(t, server, db, temporality)
}

func testShutdown(t *testing.T, server *realserver.Process, temporality metric.Temporality) {
	db := "shutdown_" + temporality.String()
	createDatabase(t, server, db)
	e := realExporter(t, server, db, Options{})
	p := start(t, e, temporality, time.Hour)
	p.record()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p.check(t, server, db, temporality)
}

// TestRealCredentials writes to a database that asks who is there.
func TestRealCredentials(t *testing.T) {
	server := realserver.InfluxDB(t, "INFLUXDB_HTTP_AUTH_ENABLED=true")
	ask(t, server, "", "CREATE USER admin WITH PASSWORD 'admin' WITH ALL PRIVILEGES")
	createDatabase(t, server, "db")
	ask(t, server, "", "CREATE USER reader WITH PASSWORD 's3cret'")
	ask(t, server, "", "GRANT READ ON db TO reader")
	ask(t, server, "", "CREATE USER writer WITH PASSWORD 's3cret'")
	ask(t, server, "", "GRANT WRITE ON db TO writer")
	for _, test := range []struct{ user, password, want string }{
		{"writer", "s3cret", ""},
		{"writer", "wr0ng", "401 Unauthorized: authorization failed: check the user"},
		{"", "", "401 Unauthorized: unable to parse authentication credentials: check the user"},
		{"reader", "s3cret", "403 Forbidden"},
	} {
		e, err := New(server.URL, V1{Database: "db", Username: test.user, Password: test.password}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = e.Export(t.Context(), totals(level("a")))
		if test.want == "" {
			if err != nil || len(fields(t, ask(t, server, "db", "SELECT * FROM level GROUP BY *"))) != 1 {
				t.Errorf("who may write could not: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, export.ErrRejected) ||
			strings.Contains(err.Error(), test.password) && test.password != "" {
			t.Errorf("user %q: error is %v, want one with %q", test.user, err, test.want)
		}
		if s := e.Stats(); s.Attempts != 1 || s.Delivered != 0 || s.Failures != 1 {
			t.Errorf("user %q: counted %+v", test.user, s)
		}
	}
}

// TestRealVictoriaMetrics writes to what takes the writes of version 1 too.
func TestRealVictoriaMetrics(t *testing.T) {
	server := realserver.VictoriaMetrics(t)
	e := realExporter(t, server, "shop", Options{Measurement: "app"})
	now := time.Now()
	b := totals(family(metric.Descriptor{Name: "calls_total", Kind: metric.Counter}, metric.Point{Labels: labelled("a, b"), Int: 42}))
	b.Time = now
	if err := e.Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metric             map[string]string
		Values, Timestamps []int64
	}
	err := realserver.Eventually(t.Context(), 20*time.Second, func(context.Context) error {
		// What is written shows once it is flushed, and indexed.
		flush, err := http.Get(server.URL + "/internal/force_flush")
		if err != nil {
			return err
		}
		flush.Body.Close()
		response, err := http.Get(server.URL + "/api/v1/export?" + url.Values{"match[]": {"app_calls_total"}}.Encode())
		if err != nil {
			return err
		}
		defer response.Body.Close()
		return json.NewDecoder(response.Body).Decode(&got)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(map[string]string{"__name__": "app_calls_total", "db": "shop", "l": "a, b"}, []int64{42}, []int64{now.UnixMilli()})
	if all := fmt.Sprint(got.Metric, got.Values, got.Timestamps); all != want {
		t.Errorf("got %s, want %s", all, want)
	}
}
