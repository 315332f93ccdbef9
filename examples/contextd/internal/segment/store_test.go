package segment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/metertree/metertree/examples/contextd/internal/embedding"
)

func newStore(t *testing.T, segmentBytes int) *Store {
	t.Helper()
	s, err := New(Config{Accounts: []string{"one", "two"}, Shards: 2, SegmentBytes: segmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(name string, version uint64, text string, vector ...float32) Record {
	return Record{Account: "one", Document: name, Version: version, Type: "resource",
		Chunks: []Chunk{{Sealed: []byte(text), Vector: vector}}}
}

func deleted(name string, version uint64) Record {
	return Record{Account: "one", Document: name, Version: version, State: Deleted}
}

func appendAll(t *testing.T, s *Store, records ...Record) {
	t.Helper()
	for _, r := range records {
		if err := s.Append(t.Context(), 0, []Record{r}); err != nil {
			t.Fatal(err)
		}
	}
}

func text(s *Store, name string) string {
	stored, ok := s.Read("one", name)
	if !ok {
		return "<none>"
	}
	return string(bytes.Join(stored.Sealed, nil))
}

func TestNewestVersionWins(t *testing.T) {
	for name, test := range map[string]struct {
		records []Record
		want    string
	}{
		"in order":                {[]Record{put("d", 1, "a"), put("d", 2, "b")}, "b"},
		"out of order":            {[]Record{put("d", 2, "b"), put("d", 1, "a")}, "b"},
		"deleted":                 {[]Record{put("d", 1, "a"), deleted("d", 2)}, "<none>"},
		"deleted before it came":  {[]Record{deleted("d", 2), put("d", 1, "a")}, "<none>"},
		"late deletion":           {[]Record{put("d", 3, "c"), deleted("d", 2)}, "c"},
		"put after deletion":      {[]Record{deleted("d", 2), put("d", 3, "c")}, "c"},
		"same record twice":       {[]Record{put("d", 1, "a"), put("d", 1, "a")}, "a"},
		"deleted twice, then old": {[]Record{deleted("d", 3), deleted("d", 2), put("d", 1, "a")}, "<none>"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, 100)
			appendAll(t, s, test.records...)
			if got := text(s, "d"); got != test.want {
				t.Errorf("document is %q, want %q", got, test.want)
			}
		})
	}
}

// TestRewritingReclaimsAndKeeps overwrites documents many times and checks that
// memory follows what is alive and that nothing alive is lost.
func TestRewritingReclaimsAndKeeps(t *testing.T) {
	s := newStore(t, 1000)
	const documents, rounds, size = 10, 50, 90
	body := func(d, round int) string { return fmt.Sprintf("%d/%d ", d, round) + strings.Repeat("x", size) }
	for round := range rounds {
		for d := range documents {
			if round > 0 && d == 0 {
				continue // one document stays in its first version
			}
			appendAll(t, s, put(fmt.Sprint(d), uint64(round+1), body(d, round), 1))
		}
	}
	for d := range documents {
		want := body(d, rounds-1)
		if d == 0 {
			want = body(0, 0)
		}
		if got := text(s, fmt.Sprint(d)); got != want {
			t.Errorf("document %d is %q, want %q", d, got, want)
		}
	}
	u := s.Statistics()[0]
	live := 0
	for d := range documents {
		live += len(text(s, fmt.Sprint(d)))
	}
	if u.LiveBytes != live {
		t.Errorf("%d bytes counted live, %d are", u.LiveBytes, live)
	}
	if u.LiveBytes+u.DeadBytes > 4*live+2000 {
		t.Errorf("%d bytes are kept for %d live ones", u.LiveBytes+u.DeadBytes, live)
	}
}

func TestSearchReturnsTheBestFirst(t *testing.T) {
	s := newStore(t, 1000)
	appendAll(t, s,
		put("far", 1, "far", 0, 1), put("near", 1, "near", 1, 0), put("middle", 1, "middle", 0.8, 0.6),
		put("gone", 1, "gone", 1, 0), deleted("gone", 2))
	hits, seen, err := s.Search(t.Context(), "one", embedding.Vector{1, 0}, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(hits) != 2 || hits[0].Document != "near" || hits[1].Document != "middle" {
		t.Errorf("hits %+v; want near, middle", hits)
	}
	if seen != (Seen{Scanned: 3, Passed: 2}) {
		t.Errorf("seen %+v; want 3 scanned, 2 passed", seen)
	}
	other, _, err := s.Search(t.Context(), "two", embedding.Vector{1, 0}, 0, 2)
	if err != nil || len(other) != 0 {
		t.Errorf("another account found %+v, %v; want nothing", other, err)
	}
}

func TestSearchRefuses(t *testing.T) {
	s := newStore(t, 1000)
	appendAll(t, s, put("d", 1, "a", 1, 0))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, search := range map[string]func() error{
		"unknown account":  func() error { _, _, err := s.Search(t.Context(), "three", embedding.Vector{1, 0}, 0, 1); return err },
		"no hits":          func() error { _, _, err := s.Search(t.Context(), "one", embedding.Vector{1, 0}, 0, 0); return err },
		"other dimensions": func() error { _, _, err := s.Search(t.Context(), "one", embedding.Vector{1}, 0, 1); return err },
		"ended context":    func() error { _, _, err := s.Search(ended, "one", embedding.Vector{1, 0}, 0, 1); return err },
	} {
		if search() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFailingShardTakesNothing(t *testing.T) {
	s := newStore(t, 1000)
	broken := errors.New("broken")
	restore := s.Fail(0, broken)
	records := []Record{put("a", 1, "a"), put("b", 1, "b")}
	if err := s.Append(t.Context(), 0, records); !errors.Is(err, broken) {
		t.Errorf("append to the failing shard: %v, want %v", err, broken)
	}
	if got := text(s, "a") + text(s, "b"); got != "<none><none>" {
		t.Errorf("a failed append left %q", got)
	}
	if err := s.Append(t.Context(), 1, []Record{put("c", 1, "c")}); err != nil {
		t.Errorf("append to the other shard: %v", err)
	}
	restore()
	appendAll(t, s, records...)
	if got := text(s, "a") + text(s, "b"); got != "ab" {
		t.Errorf("after the repair there is %q, want \"ab\"", got)
	}
}

func TestAppendRefusesUnknownAccounts(t *testing.T) {
	s := newStore(t, 1000)
	stranger := put("a", 1, "a")
	stranger.Account = "three"
	if err := s.Append(t.Context(), 0, []Record{put("b", 1, "b"), stranger}); err == nil {
		t.Error("a record of an unknown account was taken")
	}
	if got := text(s, "b"); got != "<none>" {
		t.Errorf("the batch was taken in part: %q", got)
	}
}

// TestConcurrentUse is for the race detector: it writes to both shards while it
// reads and searches, and checks that no read ever sees half a document.
func TestConcurrentUse(t *testing.T) {
	s := newStore(t, 500)
	const versions = 300
	var group sync.WaitGroup
	for shard := range 2 {
		group.Go(func() {
			name := fmt.Sprint(shard)
			for v := uint64(1); v <= versions; v++ {
				half := fmt.Sprintf("%d;", v)
				r := Record{Account: "one", Document: name, Version: v, Chunks: []Chunk{
					{Sealed: []byte(half), Vector: embedding.Vector{1}}, {Sealed: []byte(half), Vector: embedding.Vector{1}},
				}}
				if err := s.Append(t.Context(), shard, []Record{r}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range versions {
				if stored, ok := s.Read("one", fmt.Sprint(shard)); ok && !bytes.Equal(stored.Sealed[0], stored.Sealed[1]) {
					t.Errorf("read halves %q and %q of different versions", stored.Sealed[0], stored.Sealed[1])
				}
				if _, _, err := s.Search(t.Context(), "one", embedding.Vector{1}, 0, 3); err != nil {
					t.Error(err)
				}
				s.Statistics()
			}
		})
	}
	group.Wait()
	for shard := range 2 {
		if v, ok := s.Version("one", fmt.Sprint(shard)); !ok || v != versions {
			t.Errorf("document %d is in version %d; want %d", shard, v, versions)
		}
	}
}

func TestOldDeletionsAreForgotten(t *testing.T) {
	d := newDeletions()
	for i := range uint64(maxDeletions + 5) {
		d.add(fmt.Sprint(i), i+1)
	}
	if len(d.versions) != maxDeletions || d.version("4") != 0 || d.version("5") != 6 {
		t.Errorf("%d deletions kept, versions %d and %d; want %d, 0 and 6", len(d.versions), d.version("4"), d.version("5"), maxDeletions)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, config := range []Config{{SegmentBytes: 1}, {Shards: 1}} {
		if _, err := New(config); err == nil {
			t.Errorf("%+v was accepted", config)
		}
	}
}
