package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// on returns a day of January 2026.
func on(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }

func TestRenames(t *testing.T) {
	r, err := NewRenames([]Rename{
		{Old: "b", New: "c", Since: on(8), Until: on(20)},
		{Old: "a", New: "b", Since: on(5), Until: on(10)},
		{Old: "x", New: "y", Until: on(10)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		day  int
		want string
	}{
		{"c", 1, "a"}, {"c", 5, "a b"}, {"c", 8, "a b c"}, {"c", 9, "a b c"}, {"c", 10, "b c"}, {"c", 19, "b c"}, {"c", 20, "c"}, {"c", 30, "c"},
		{"y", 1, "x y"}, {"y", 10, "y"},
		{"z", 1, "z"},
	} {
		if got := strings.Join(r.Names(test.name, on(test.day)), " "); got != test.want {
			t.Errorf("%s on day %d is exposed as %q, want %q", test.name, test.day, got, test.want)
		}
	}
	wantNotices := []string{
		"metric b is being renamed c and is exposed under both names until 2026-01-20: change the queries that use the old one",
		"metric a was renamed b and has not been exposed under its old name since 2026-01-10: remove the rename from the code",
	}
	if got := r.Notices("c", on(12)); !slices.Equal(got, wantNotices) {
		t.Errorf("notices %q, want %q", got, wantNotices)
	}
	if got := r.Notices("b", on(1)); len(got) != 1 || !strings.Contains(got[0], "will be renamed b on 2026-01-05") {
		t.Errorf("notices before the window: %q", got)
	}
	if got := r.Notices("z", on(1)); got != nil {
		t.Errorf("notices of a metric that is not renamed: %q", got)
	}
	err = r.Check(func(name string) bool { return name == "b" || name == "c" || name == "x" })
	if err == nil || !strings.Contains(err.Error(), "metric b is renamed c but") || !strings.Contains(err.Error(), "metric x") || strings.Contains(err.Error(), "metric a") {
		t.Errorf("clashes: %v", err)
	}
	if rename, ok := r.Replacement("x"); !ok || rename.New != "y" {
		t.Errorf("x is replaced by %v, %v", rename, ok)
	}
	var none *Renames
	if _, ok := none.Replacement("x"); ok || none.Check(nil) != nil || none.Notices("x", on(1)) != nil || !slices.Equal(none.Names("x", on(1)), []string{"x"}) {
		t.Error("no renames rename")
	}
}

func TestInvalidRenames(t *testing.T) {
	window := func(from, to string) Rename { return Rename{Old: from, New: to, Since: on(1), Until: on(2)} }
	for want, list := range map[string][]Rename{
		"the same":                      {window("a", "a")},
		"has no end":                    {{Old: "a", New: "b"}},
		"ends on 2026-01-01, not after": {{Old: "a", New: "b", Since: on(2), Until: on(1)}},
		"on 2026-01-03: swap":           {{Old: "a", New: "b", Since: on(3), Until: on(3)}},
		`"a-b" has '-'`:                 {window("a-b", "c")},
		"metric name is empty":          {window("a", "")},
		"a is renamed both b and c":     {window("a", "b"), window("a", "c")},
		"a and b are both renamed c":    {window("a", "c"), window("b", "c")},
		"rename of a comes back":        {window("a", "b"), window("b", "c"), window("c", "a")},
		"rename of b comes back":        {window("x", "a"), window("b", "c"), window("c", "b")},
	} {
		if _, err := NewRenames(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", list, err, want)
		}
	}
}

func TestRenameStates(t *testing.T) {
	for state, want := range map[RenameState]string{Announced: "announced", Overlapping: "overlapping", Completed: "completed", 9: "state(9)"} {
		if state.String() != want {
			t.Errorf("state %d is called %s", state, state)
		}
	}
	r := Rename{Old: "a", New: "b", Since: on(2), Until: on(3)}
	for day, want := range map[int]RenameState{1: Announced, 2: Overlapping, 3: Completed} {
		if got := r.At(on(day)); got != want {
			t.Errorf("on day %d the rename is %v, want %v", day, got, want)
		}
	}
}

// Whatever the windows, a metric always has a name, never one twice, and once
// every window is over it has the new name alone.
func FuzzRenameNames(f *testing.F) {
	f.Add(int64(1), int64(5), int64(2), int64(9), int64(3))
	f.Add(int64(9), int64(10), int64(1), int64(2), int64(9))
	f.Fuzz(func(t *testing.T, since1, until1, since2, until2, now int64) {
		at := func(n int64) time.Time { return time.Unix(n%1e9, 0) }
		r, err := NewRenames([]Rename{{"a", "b", at(since1), at(until1)}, {"b", "c", at(since2), at(until2)}})
		if err != nil {
			return
		}
		names := r.Names("c", at(now))
		if len(names) == 0 || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("names %q", names)
		}
		if last := r.Names("c", time.Unix(1e10, 0)); !slices.Equal(last, []string{"c"}) {
			t.Errorf("in the end names %q", last)
		}
	})
}
