package audit

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, entries int) *Log {
	t.Helper()
	l, err := Open(entries)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// accounts are those of the newest entries.
func accounts(t *testing.T, l *Log, limit int) (names []string) {
	t.Helper()
	entries, err := l.Recent(t.Context(), limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Account)
	}
	return names
}

func write(t *testing.T, l *Log, account string) {
	t.Helper()
	if err := l.Write(t.Context(), Entry{At: time.Now(), Account: account}); err != nil {
		t.Error(err)
	}
}

func TestEntriesComeBackAsTheyWereWritten(t *testing.T) {
	l := open(t, 3)
	want := Entry{At: time.Unix(1_700_000_000, 5).UTC(), Account: "one", Operation: "put_document", Status: "ok"}
	if err := l.Write(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := l.Recent(t.Context(), 10)
	if err != nil || !slices.Equal(got, []Entry{want}) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestTheNewestAreKept(t *testing.T) {
	l := open(t, 3)
	for i := range 8 {
		write(t, l, fmt.Sprint(i))
		want := []string{}
		for back := i; back >= max(0, i-2); back-- {
			want = append(want, fmt.Sprint(back))
		}
		if got := accounts(t, l, 10); !slices.Equal(got, want) {
			t.Fatalf("after %d entries: %v, want %v", i+1, got, want)
		}
	}
	if got := accounts(t, l, 2); !slices.Equal(got, []string{"7", "6"}) {
		t.Errorf("the newest two are %v", got)
	}
}

func TestManyWriters(t *testing.T) {
	l := open(t, 1000)
	var group sync.WaitGroup
	for writer := range 8 {
		group.Go(func() {
			for range 50 {
				write(t, l, fmt.Sprint(writer))
			}
		})
	}
	group.Wait()
	if got := accounts(t, l, 1000); len(got) != 400 {
		t.Errorf("%d entries, want 400", len(got))
	}
	if stats := l.Stats(); stats.MaxOpenConnections != maxConnections || stats.OpenConnections > maxConnections {
		t.Errorf("connections %+v", stats)
	}
}

func TestOtherStatements(t *testing.T) {
	l := open(t, 1)
	if _, err := l.db.ExecContext(t.Context(), "DROP TABLE audit"); err == nil || !strings.Contains(err.Error(), "DROP TABLE") {
		t.Errorf("unknown statement: %v", err)
	}
	if _, err := l.db.BeginTx(t.Context(), nil); err == nil {
		t.Error("a transaction was begun")
	}
	rows, err := l.db.QueryContext(t.Context(), "SELECT 1")
	if err == nil {
		t.Errorf("unknown query gave %v, %v", rows, rows.Err())
	}
}

func TestClosed(t *testing.T) {
	l, err := Open(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(t.Context(), Entry{}); err == nil {
		t.Error("a closed log was written")
	}
	if _, err := l.Recent(t.Context(), 1); err == nil {
		t.Error("a closed log was read")
	}
	if _, err := Open(0); err == nil {
		t.Error("a log without room was made")
	}
}
