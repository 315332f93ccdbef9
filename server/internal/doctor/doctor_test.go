package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a pretended server: what it answers at each path.
type site map[string]string

// noon is when it is asked.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// healthy is a server of which nothing is wrong.
func healthy() site {
	return site{
		"/-/ready":                   "ready",
		"/api/v1/status/runtimeinfo": `{"data":{"startTime":"2026-03-01T00:00:00Z","serverTime":"2026-03-01T12:00:00Z","hostname":"there","GOMAXPROCS":2}}`,
		"/api/v1/status/flags":       `{"data":{"storage.path":"/data","storage.retention":"1w","web.listen-address":"127.0.0.1:2122","config.file":"/etc/m.yml","scrape":"0 given"}}`,
		"/api/v1/status/tsdb":        `{"data":{"headStats":{"numSeries":10},"seriesCountByMetricName":[{"name":"up","value":9}]}}`,
		"/api/v1/targets":            `{"data":{"activeTargets":[{"scrapePool":"api","labels":{"job":"api","instance":"h:1"},"health":"up","lastScrapeDuration":0.1,"scrapeTimeout":"10s"}],"droppedTargetCounts":{"api":3}}}`,
		"/metrics": `metertree_build_info{service="metertree",version="v1"} 1
metertree_config_last_reload_success 1
metertree_config_last_reload_success_timestamp_seconds 1772323200
process_resident_memory_bytes 1e8
go_gc_gomemlimit_bytes 9.223372036854776e+18
process_open_fds 10
process_max_fds 1000
prometheus_engine_queries 0
prometheus_engine_queries_concurrent_max 20
prometheus_tsdb_storage_blocks_bytes 1e9
prometheus_tsdb_lowest_timestamp 1772323200000
prometheus_tsdb_head_series 1000
prometheus_remote_storage_highest_timestamp_in_seconds 1772366400
`,
	}
}

// local is a machine of which nothing is wrong either.
func local() Local {
	return Local{
		Disk:        func(string) (uint64, uint64, bool) { return 500 << 30, 1000 << 30, true },
		MemoryLimit: func() (int64, bool) { return 0, false },
		CPULimit:    func() (float64, bool) { return 0, false },
		Modified:    func(string) (time.Time, bool) { return noon.Add(-24 * time.Hour), true },
	}
}

func (s site) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, there := s[r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		if status, rest, found := strings.Cut(text, "!"); found {
			text = rest
			var code int
			if _, err := fmt.Sscan(status, &code); err == nil {
				w.WriteHeader(code)
			}
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func examine(t *testing.T, s site, l Local, alerts ...Alert) Report {
	t.Helper()
	report, err := Examine(context.Background(), Options{
		URL: s.serve(t), Version: "v1", Local: l, Alerts: alerts, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func show(r Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s (%s): %s: %s\n", f.Severity, f.Check, f.Message, f.Remedy)
	}
	return b.String()
}

func TestNothingIsWrong(t *testing.T) {
	r := examine(t, healthy(), local())
	if _, any := r.Worst(); any || r.Version != "v1" || len(r.Examined) != len(checks)+1 {
		t.Errorf("%+v\n%s", r, show(r))
	}
}

// Each fault is found, and nothing else is.
func TestFaults(t *testing.T) {
	sign := func(s site, path, before, after string) {
		if !strings.Contains(s[path], before) {
			t.Fatalf("%s has no %s", path, before)
		}
		s[path] = strings.Replace(s[path], before, after, 1)
	}
	flag := func(before, after string) func(site, *Local) {
		return func(s site, _ *Local) { sign(s, "/api/v1/status/flags", before, after) }
	}
	metric := func(lines string) func(site, *Local) {
		return func(s site, _ *Local) { s["/metrics"] += lines }
	}
	was := func(before, after string) func(site, *Local) {
		return func(s site, _ *Local) { sign(s, "/metrics", before, after) }
	}
	target := func(before, after string) func(site, *Local) {
		return func(s site, _ *Local) { sign(s, "/api/v1/targets", before, after) }
	}
	runtime := func(before, after string) func(site, *Local) {
		return func(s site, _ *Local) { sign(s, "/api/v1/status/runtimeinfo", before, after) }
	}
	disk := func(free uint64) func(site, *Local) {
		return func(_ site, l *Local) {
			l.Disk = func(string) (uint64, uint64, bool) { return free, 100 << 30, true }
		}
	}
	memory := func(limit int64) func(site, *Local) {
		return func(_ site, l *Local) { l.MemoryLimit = func() (int64, bool) { return limit, true } }
	}
	for _, tt := range []struct {
		name   string
		break_ func(site, *Local)
		want   string
	}{
		{"another version", was(`"v1"`, `"v0"`), "warning (version): the server runs version v0, and this binary is v1"},
		{"a refused reload", was("last_reload_success 1", "last_reload_success 0"), "error (config): the configuration /etc/m.yml was refused at the last reload"},
		{"a file not loaded", func(_ site, l *Local) { l.Modified = func(string) (time.Time, bool) { return noon, true } }, "warning (config): the configuration /etc/m.yml was changed"},
		{"a target down", target(`"up"`, `"down","lastError":"connection refused"`), "error (targets): target h:1 of job api is down: connection refused: start it"},
		{"a target expired", target(`"up"`, `"down","lastError":"x509: certificate has expired or is not yet valid"`), "error (targets): target h:1 of job api is down: x509: certificate has expired or is not yet valid: renew its certificate"},
		{"a target refused", target(`"up"`, `"down","lastError":"no samples are taken, because the disk is full"`), "error (targets): target h:1 of job api is down: no samples are taken, because the disk is full: make room on the disk"},
		{"a slow target", target("0.1", "9"), "warning (targets): the scrape of h:1 of job api took 9s of the 10s"},
		{"all dropped", target(`"api":3`, `"other":3`), `warning (targets): job "other" scrapes nothing: relabelling drops all its 3 targets`},
		{"a clock behind", runtime("serverTime\":\"2026-03-01T12:00:00", "serverTime\":\"2026-03-01T11:59:30"), "warning (clock): the server's clock is 30s behind"},
		{"a clock far ahead", runtime("serverTime\":\"2026-03-01T12:00:00", "serverTime\":\"2026-03-01T12:02:00"), "error (clock): the server's clock is 2m0s ahead"},
		{"little room", disk(900 << 20), "error (disk): only 900 MiB of 100.0 GiB"},
		{"less room", disk(9 << 30), "warning (disk): only 9.0 GiB of 100.0 GiB"},
		{"too long a retention", disk(11 << 30), "warning (disk): 954 MiB hold 12h0m0s; at that rate the retention of 1w needs 12."},
		{"a relative path", flag("/data", "data"), `note (disk): the disk was not examined, because the server stores in "data"`},
		{"a path unseen", func(_ site, l *Local) {
			l.Disk = func(string) (uint64, uint64, bool) { return 0, 0, false }
		}, "note (disk): the disk was not examined, because /data cannot"},
		{"memory gone", memory(101e6), "error (memory): the server uses 95 MiB of 96 MiB"},
		{"memory nearly gone", memory(112e6), "warning (memory): the server uses"},
		{"a limit unknown", memory(1e9), "note (memory): the control group limits memory to 954 MiB"},
		{"the runtime's limit", was("gomemlimit_bytes 9.223372036854776e+18", "gomemlimit_bytes 1.1e8"), "warning (memory): the server uses 95 MiB of 105 MiB (GOMEMLIMIT)"},
		{"series without a limit", was("head_series 1000", "head_series 1e6"), ""},
		{"processors", func(_ site, l *Local) { l.CPULimit = func() (float64, bool) { return 0.5, true } }, "warning (processors): the server runs on 2 processors"},
		{"files", was("open_fds 10", "open_fds 960"), "error (files): 960 of 1000"},
		{"a failed write", metric("prometheus_tsdb_wal_writes_failed_total 3\n"), "error (storage): 3 writes to the log of the database failed (since the start, 12h0m0s ago)"},
		{"a torn log", func(s site, _ *Local) {
			s["/-/ready"] = "503!no samples are taken any more: see the log for why, and restart the server"
		}, "error (ready): the server stores nothing any more, and answers queries only: no samples"},
		{"nothing taken", metric("metertree_storage_writable 0\n"), "error (storage): no samples are taken now"},
		{"all taken", metric("metertree_storage_writable 1\n"), ""},
		{"a full disk", metric("metertree_ingest_refused_appends_total 3\n"), "error (storage): 3 scrapes and pushes were refused because the disk"},
		{"a broken block", metric("metertree_storage_broken_blocks 1\n"), "error (storage): 1 blocks could not be opened"},
		{"refused samples", metric("metertree_ingest_refused_samples_total{reason=\"too_old\"} 2\n"), "warning (ingest): 2 samples were refused because they are older"},
		{"clocks", metric("metertree_ingest_refused_samples_total{reason=\"too_old\"} 0\nmetertree_ingest_refused_samples_total{reason=\"too_new\"} 5\n"), "warning (ingest): 5 samples were refused because they lie more than 10 minutes ahead, so a clock is wrong"},
		{"no memory for series", metric("metertree_ingest_refused_series_total{reason=\"memory\"} 5\n"), "warning (ingest): new series were refused 5 times"},
		{"long labels", metric("metertree_ingest_refused_series_total{reason=\"label_size\"} 5\n"), "warning (ingest): series were refused 5 times for the length"},
		{"busy", metric("metertree_ingest_refused_requests_total{reason=\"busy\"} 5\n"), "warning (ingest): 5 pushes were told to come again because there were too many"},
		{"no room", metric("metertree_ingest_refused_requests_total{reason=\"no_room\"} 5\n"), "warning (ingest): 5 pushes were told to come again for want"},
		{"slow bodies", metric("metertree_ingest_refused_requests_total{reason=\"too_slow\"} 5\n"), "warning (ingest): 5 pushes were told to come again because their bodies"},
		{"large bodies", metric("metertree_ingest_refused_requests_total{reason=\"too_large\"} 5\n"), "warning (ingest): 5 pushes were refused for their size"},
		{"cut bodies", metric("metertree_ingest_refused_requests_total{reason=\"unreadable\"} 5\n"), "warning (ingest): 5 pushes could not be read"},
		{"a panic", metric("metertree_http_panics_total 1\n"), "error (requests): 1 requests were given up"},
		{"silent connections", metric("metertree_http_dropped_connections_total{state=\"silent\"} 9\nmetertree_http_dropped_connections_total{state=\"idle\"} 7\n"), "warning (requests): 9 connections that never sent"},
		{"idle connections", metric("metertree_http_dropped_connections_total{state=\"idle\"} 7\n"), ""},
		{"a crowd", metric("metertree_http_delayed_connections_total 9\n"), "warning (requests): 9 connections had to wait"},
		{"slow queries", metric("metertree_query_failures_total{reason=\"timeout\"} 9\nmetertree_query_failures_total{reason=\"canceled\"} 7\n"), "warning (queries): 9 queries took longer"},
		{"large queries", metric("metertree_query_failures_total{reason=\"too_many_samples\"} 9\n"), "warning (queries): 9 queries needed more"},
		{"discovery", metric("prometheus_sd_failed_configs 1\n"), "error (discovery): 1 ways"},
		{"forwarding behind", metric("prometheus_remote_storage_queue_highest_sent_timestamp_seconds{url=\"u\"} 1772366000\n"), "warning (remote-write): forwarding to u is 6m40s behind"},
		{"forwarding nothing", metric("prometheus_remote_storage_queue_highest_sent_timestamp_seconds{url=\"u\"} 0\n"), "error (remote-write): nothing was forwarded to u"},
		{"forwarding in time", metric("prometheus_remote_storage_queue_highest_sent_timestamp_seconds{url=\"u\"} 1772366399\n"), ""},
		{"queries", was("engine_queries 0", "engine_queries 20"), "warning (queries): 20 queries run or wait"},
		{"one metric", func(s site, _ *Local) {
			s["/api/v1/status/tsdb"] = `{"data":{"headStats":{"numSeries":150000},"seriesCountByMetricName":[{"name":"big","value":140000}]}}`
		}, "note (series): metric big has 140000 of the 150000"},
		{"open to read", flag("127.0.0.1:2122", ":2122"), "note (listener): whoever reaches :2122 may read"},
		{"not ready", func(s site, _ *Local) { s["/-/ready"] = "503!starting" }, "error (ready): the server is not ready: starting"},
		{"credentials", func(s site, _ *Local) { s["/-/ready"] = "401!who" }, "error (ready): http"},
		{"another server", func(s site, _ *Local) { delete(s, "/-/ready") }, "error (ready): http"},
		{"a view", func(s site, _ *Local) { delete(s, "/api/v1/status/runtimeinfo") }, "note (ready): http"},
		{"no metrics", func(s site, _ *Local) { s["/metrics"] = "<html>" }, "error (ready): the server's own metrics cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, l := maps.Clone(healthy()), local()
			tt.break_(s, &l)
			shown := show(examine(t, s, l))
			if !strings.HasPrefix(shown, tt.want) || tt.want == "" && shown != "" || strings.Count(shown, "\n") > 1 {
				t.Errorf("found\n%swant\n%s", shown, tt.want)
			}
		})
	}
}

func TestSeriesNeedMemory(t *testing.T) {
	s, l := healthy(), local()
	s["/metrics"] = strings.Replace(s["/metrics"], "head_series 1000", "head_series 1e6", 1)
	l.MemoryLimit = func() (int64, bool) { return 6 << 30, true }
	if shown := show(examine(t, s, l)); !strings.HasPrefix(shown, "warning (memory): 1000000 series in memory need about 5.7 GiB") {
		t.Error(shown)
	}
}

func TestOpenToWrite(t *testing.T) {
	s := healthy()
	s["/api/v1/status/flags"] = `{"data":{"web.listen-address":"0.0.0.0:2122","web.allow-anonymous-writes":"true","storage.path":"/data"}}`
	shown := show(examine(t, s, local()))
	if !strings.Contains(shown, "warning (listener): whoever reaches 0.0.0.0:2122 may write") {
		t.Error(shown)
	}
	s["/api/v1/status/flags"] = `{"data":{"web.listen-address":"0.0.0.0:2122","web.push-token-file":"/t","storage.path":"/data"}}`
	if shown := show(examine(t, s, local())); !strings.Contains(shown, "warning (listener): tokens for writing cross the network") {
		t.Error(shown)
	}
}

// What is known of this machine says nothing about a server on another one.
func TestElsewhere(t *testing.T) {
	f := &facts{runtime: runtimeInfo{Hostname: "there"}}
	l := local()
	l.Hostname = "here"
	if f.here(Options{URL: "http://192.0.2.1:2122", Local: l}).Disk != nil {
		t.Error("a disk here was taken for one there")
	}
	l.Hostname = "there"
	if f.here(Options{URL: "http://192.0.2.1:2122", Local: l}).Disk == nil {
		t.Error("this machine was not recognised by its name")
	}
}

func TestMachineReads(t *testing.T) {
	for _, tt := range []struct {
		file, text string
		memory     int64
		cpu        float64
	}{
		{"memory.max", "1048576\n", 1 << 20, 0},
		{"memory.max", "max\n", 0, 0},
		{"memory/memory.limit_in_bytes", "9223372036854771712\n", 0, 0},
		{"memory/memory.limit_in_bytes", "4096\n", 4096, 0},
		{"cpu.max", "150000 100000\n", 0, 1.5},
		{"cpu.max", "max 100000\n", 0, 0},
		{"cpu.max", "1\n", 0, 0},
		{"none", "", 0, 0},
	} {
		directory := t.TempDir()
		path := filepath.Join(directory, tt.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		memory, known := memoryLimit(directory)
		if known != (tt.memory != 0) || known && memory != tt.memory {
			t.Errorf("%s %q: memory %d, %v", tt.file, tt.text, memory, known)
		}
		if cpu, known := cpuLimit(directory); known != (tt.cpu != 0) || cpu != tt.cpu {
			t.Errorf("%s %q: processors %g, %v", tt.file, tt.text, cpu, known)
		}
	}
	if free, total, ok := ThisMachine().Disk(t.TempDir()); !ok || free == 0 || total < free {
		t.Errorf("disk: %d of %d, %v", free, total, ok)
	}
}

func TestAlertsAreEvaluated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yaml")
	text := "groups:\n- name: g\n  rules:\n  - {record: 'a:b', expr: up}\n  - {alert: Recorded, expr: 'a:b > 1'}\n  - {alert: Down, expr: up == 0, labels: {severity: page}, annotations: {description: Look there.}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	alerts, err := ReadAlerts(path)
	if err != nil || len(alerts) != 1 {
		t.Fatalf("%v, %v", alerts, err)
	}
	s := healthy()
	s["/api/v1/query"] = `{"data":{"result":[{"metric":{"job":"a"},"value":[0,"0"]}]}}`
	if shown := show(examine(t, s, local(), alerts...)); shown != "error (alerts): the condition of alert Down holds for 1 series: Look there.\n" {
		t.Error(shown)
	}
	s["/api/v1/query"] = "422!cannot"
	if shown := show(examine(t, s, local(), alerts...)); !strings.HasPrefix(shown, "note (alerts): alert Down cannot be evaluated: 422") {
		t.Error(shown)
	}
	s["/api/v1/query"] = `{"data":{"result":[]}}`
	if shown := show(examine(t, s, local(), alerts...)); shown != "" {
		t.Error(shown)
	}
	if _, err := ReadAlerts(path + "x"); err == nil {
		t.Error("a missing file was read")
	}
}

func TestUnreachable(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:1":            "nothing listens",
		"http://me:hush@127.0.0.1:1":    "nothing listens",
		"http://nowhere.invalid:2122":   `"nowhere.invalid" is not known`,
		"https://" + plainServer(t)[7:]: "speaks no TLS",
	} {
		r, err := Ready(t.Context(), Options{URL: url})
		if err != nil || len(r.Findings) != 1 || !strings.Contains(show(r), want) || strings.Contains(show(r)+r.Server, "hush") {
			t.Errorf("%s: %v\n%s", url, err, show(r))
		}
	}
	for _, url := range []string{"", "127.0.0.1:2122", "ftp://h", "http://me:hush@h:port"} {
		if _, err := Ready(t.Context(), Options{URL: url}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func plainServer(t *testing.T) string { return healthy().serve(t) }
