package registry

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

// sums returns what families add up to, by name.
func sums(families func(func(*metric.Family) bool)) map[string]int64 {
	found, last := map[string]int64{}, ""
	for f := range families {
		name := f.Descriptor.Name
		if name <= last {
			return map[string]int64{"out of order: " + name: 1}
		}
		last = name
		if strings.HasPrefix(name, "metertree_") {
			continue
		}
		for p := range f.Points {
			found[name] += p.Int
		}
	}
	return found
}

func TestRenamedMetricHasBothNamesInItsWindow(t *testing.T) {
	now := day(1)
	var log bytes.Buffer
	r := New(Options{Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	d := counter("z_calls_total", "a")
	d.Renames = []policy.Rename{
		{Old: "a_calls_total", New: "m_calls_total", Since: day(2), Until: day(6)},
		{Old: "m_calls_total", New: "z_calls_total", Since: day(4), Until: day(8)},
	}
	define(t, r, d).AddInt(7, "x")
	define(t, r, counter("n_total")).AddInt(1)
	reader := r.NewReader()
	defer reader.Close()
	tests := []struct {
		day   int
		names []string
	}{
		{1, []string{"a_calls_total"}},
		{3, []string{"a_calls_total", "m_calls_total"}},
		{5, []string{"a_calls_total", "m_calls_total", "z_calls_total"}},
		{7, []string{"m_calls_total", "z_calls_total"}},
		{9, []string{"z_calls_total"}},
	}
	for _, tt := range tests {
		now = day(tt.day)
		want := map[string]int64{"n_total": 1}
		for _, name := range tt.names {
			want[name] = 7
		}
		if got := sums(r.Collect(context.Background())); !maps.Equal(got, want) {
			t.Errorf("day %d: collected %v, want %v", tt.day, got, want)
		}
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got := sums(c.Families()); !maps.Equal(got, want) {
			t.Errorf("day %d: checkpoint has %v, want %v", tt.day, got, want)
		}
	}
	if !strings.Contains(log.String(), "will be renamed") {
		t.Errorf("log %q, want what there is to do about the renames", log.String())
	}
}

func TestRenamesThatCannotBeAreErrors(t *testing.T) {
	r := New(Options{})
	define(t, r, counter("taken_total"))
	tests := []struct {
		rename policy.Rename
		want   string
	}{
		{policy.Rename{Old: "old_total", New: "new_total", Since: day(2), Until: day(1)}, "swap"},
		{policy.Rename{Old: "old_total", New: "other_total", Until: day(1)}, "leads to other_total"},
		{policy.Rename{Old: "taken_total", New: "new_total", Until: day(1)}, "which metric taken_total already is"},
	}
	for _, tt := range tests {
		d := counter("new_total")
		d.Renames = []policy.Rename{tt.rename}
		if _, err := r.Define(d); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want one with %q", tt.rename, err, tt.want)
		}
	}
	d := counter("new_total")
	d.Renames = []policy.Rename{{Old: "old_total", New: "new_total", Until: day(1)}}
	define(t, r, d)
	if _, err := r.Define(counter("old_total")); err == nil || !strings.Contains(err.Error(), "new_total") {
		t.Errorf("definition under a replaced name: error %v", err)
	}
}

func TestRenamedMetricIsForgottenAsFast(t *testing.T) {
	for _, at := range []int{1, 3, 9} { // announced, overlapping, completed
		r := New(Options{Now: func() time.Time { return day(at) }, ForgetAfter: 3})
		d := counter("new_total", "a")
		d.Renames = []policy.Rename{{Old: "old_total", New: "new_total", Since: day(2), Until: day(4)}}
		define(t, r, d).AddInt(1, "x")
		collections := 0
		for len(sums(r.Collect(context.Background()))) > 0 {
			if collections++; collections > 10 {
				break
			}
		}
		if collections != 4 {
			t.Errorf("day %d: shown in %d collections, want 4: its first, and three idle ones", at, collections)
		}
	}
}

func TestReaderIsAskedForEveryName(t *testing.T) {
	r := New(Options{Now: func() time.Time { return day(3) }})
	d := counter("new_total", "a")
	d.Renames = []policy.Rename{{Old: "old_total", New: "new_total", Since: day(2), Until: day(4)}}
	define(t, r, d).AddInt(5, "x")
	reader := r.NewReader()
	defer reader.Close()
	take := func(want string) map[string]int64 {
		c, err := reader.Take(context.Background(), func(d *metric.Descriptor) bool { return d.Name == want })
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Ack(); err != nil {
				t.Error(err)
			}
		}()
		return sums(c.Families())
	}
	if got := take("old_total"); len(got) != 1 || got["old_total"] != 5 {
		t.Errorf("told %v, want the old name alone", got)
	}
	if got := take("new_total"); len(got) != 1 || got["new_total"] != 0 {
		t.Errorf("told %v, want the new name to go on from there", got)
	}
}
