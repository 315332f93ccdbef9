package tree

import (
	"fmt"
	"strings"
	"testing"
)

func TestAssemble(t *testing.T) {
	meta := map[string]Metadata{
		"http_seconds":    {Kind: KindHistogram, Help: "Duration.", Unit: "seconds"},
		"cache_lookups":   {Kind: KindCounter, Help: "As OpenMetrics declares it."},
		"jobs_total":      {Kind: KindCounter},
		"load_count":      {Kind: KindGauge},
		"declared":        {Kind: KindGauge, Fold: FoldMin, Unit: "bytes"},
		"gc_seconds":      {Kind: KindSummary},
		"native_seconds":  {Kind: KindHistogram},
		"untyped_thing":   {Help: "Only help."},
		"build_info":      {Kind: KindGauge},
		"cache_lookups_x": {},
	}
	counts := map[string]int{
		"http_seconds_bucket": 12, "http_seconds_sum": 1, "http_seconds_count": 1,
		"cache_lookups_total": 3, "cache_lookups_created": 3,
		"jobs_total": 2, "load_count": 1, "declared": 4,
		"gc_seconds": 5, "gc_seconds_sum": 1, "gc_seconds_count": 1,
		"native_seconds": 2, "untyped_thing": 1, "build_info": 1,
		"found_bucket": 4, "found_sum": 1, "found_count": 1,
		"rpc_sum": 1, "rpc_count": 1,
		"process_start_time_seconds": 1, "disk_used_ratio": 2, "load_sum": 1,
	}
	want := `build_info info  sum [build_info] 1 kind
cache_lookups_total counter  sum [cache_lookups_created cache_lookups_total] 6
declared gauge bytes min [declared] 4
disk_used_ratio gauge ratio avg [disk_used_ratio] 2 kind unit fold
found histogram  sum [found_bucket found_count found_sum] 6 kind
gc_seconds summary seconds sum [gc_seconds gc_seconds_count gc_seconds_sum] 7 unit
http_seconds histogram seconds sum [http_seconds_bucket http_seconds_count http_seconds_sum] 14
jobs_total counter  sum [jobs_total] 2
load_count gauge  sum [load_count] 1 fold
load_sum gauge  sum [load_sum] 1 kind fold
native_seconds histogram seconds sum [native_seconds] 2 unit
process_start_time_seconds gauge timestamp max [process_start_time_seconds] 1 kind unit fold
rpc summary  sum [rpc_count rpc_sum] 2 kind
untyped_thing gauge  sum [untyped_thing] 1 kind fold`
	var lines []string
	for _, f := range Assemble(counts, meta) {
		line := fmt.Sprintf("%s %s %s %s %v %d", f.Name, f.Kind, f.Unit, f.Fold, f.Parts, f.Series)
		if f.Inferred.Kind {
			line += " kind"
		}
		if f.Inferred.Unit {
			line += " unit"
		}
		if f.Inferred.Fold {
			line += " fold"
		}
		lines = append(lines, line)
	}
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestNewScope(t *testing.T) {
	var entries []Entry
	for _, name := range strings.Fields(`go_gc_cycles_total go_gc_pauses_seconds go_gc_heap_live_bytes go_goroutines
		node_memory_Active_bytes node_memory_Active_anon_bytes node_memory_Active_file_bytes node_load1
		process_cpu_seconds_total process_open_fds
		mt_buffer_a mt_buffer_b mt_buffer_c single_metric up job:rate5m:sum job:rate1m:sum __odd_ x__y`) {
		entries = append(entries, Entry{Family: Family{Name: name, Series: 2}})
	}
	var lines []string
	var walk func(s *Scope, indent string)
	walk = func(s *Scope, indent string) {
		for _, c := range s.Scopes {
			lines = append(lines, fmt.Sprintf("%s%s (%s) %d/%d", indent, c.Name, c.Path, c.Count, c.Series))
			walk(c, indent+"  ")
		}
		for _, e := range s.Entries {
			lines = append(lines, indent+s.LeafName(e))
		}
	}
	root := NewScope(entries)
	walk(root, "")
	want := `go (go_) 4/8
  gc (go_gc_) 3/6
    cycles_total
    heap_live_bytes
    pauses_seconds
  goroutines
job (job:) 2/4
  rate1m:sum
  rate5m:sum
mt_buffer (mt_buffer_) 3/6
  a
  b
  c
node (node_) 4/8
  memory (node_memory_) 3/6
    Active_anon_bytes
    Active_bytes
    Active_file_bytes
  load1
process (process_) 2/4
  cpu_seconds_total
  open_fds
__odd_
single_metric
up
x__y`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := root.Find("mt_"); got == nil || got.Path != "mt_buffer_" {
		t.Errorf("a compressed chain is not found by its start: %+v", got)
	}
	if got := root.Find("nope_"); got != nil {
		t.Errorf("found %q", got.Path)
	}
}
