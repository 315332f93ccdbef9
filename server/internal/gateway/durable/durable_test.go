package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kept is a state for tests: a list of words.
type kept struct{ words []string }

func (k *kept) read(r io.Reader) error {
	all, err := io.ReadAll(r)
	k.words = strings.Fields(string(all))
	return err
}

func (k *kept) replay(record []byte) error {
	k.words = append(k.words, string(record))
	return nil
}

func (k *kept) write(w io.Writer) error {
	_, err := io.WriteString(w, strings.Join(k.words, " "))
	return err
}

func open(t *testing.T, path string) (*Dir, *kept, Restored) {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	found, err := d.Restore(k.read, k.replay)
	if err != nil {
		t.Fatal(err)
	}
	return d, k, found
}

// use opens a directory, begins a journal with the word "first" and appends.
func use(t *testing.T, path string, words ...string) *Dir {
	t.Helper()
	d, k, _ := open(t, path)
	must(t, d.Rotate([]byte("first"), k.write))
	for _, w := range words {
		must(t, d.Append([]byte(w)))
	}
	must(t, d.Sync())
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantWords(t *testing.T, path string, want ...string) Restored {
	t.Helper()
	d, k, found := open(t, path)
	must(t, d.Close())
	if !slices.Equal(k.words, want) {
		t.Errorf("restored %q, want %q", k.words, want)
	}
	return found
}

func TestWhatWasSyncedIsRestored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	if found := wantWords(t, path); found.Found {
		t.Error("found something in an empty directory")
	}
	must(t, use(t, path, "a", "b").Close())
	if found := wantWords(t, path, "first", "a", "b"); found.Records != 3 || found.Torn != 0 {
		t.Errorf("%+v, want 3 records", found)
	}
	// The journal of the former process becomes a part of the next snapshot.
	must(t, use(t, path, "c").Close())
	wantWords(t, path, "first", "a", "b", "first", "c")
	files, err := filepath.Glob(filepath.Join(path, "*-*"))
	if err != nil || len(files) != 2 {
		t.Errorf("files %v, %v: want one snapshot and one journal", files, err)
	}
}

// A journal is cut at every length: what is restored is what is whole.
func TestTornJournal(t *testing.T) {
	path := t.TempDir()
	must(t, use(t, path, "apple", "pear").Close())
	journal := filepath.Join(path, "journal-00000001")
	whole, err := os.ReadFile(journal)
	must(t, err)
	ends := []int{0, 13, 26, 38}
	for size := range len(whole) + 1 {
		must(t, os.WriteFile(journal, whole[:size], 0o666))
		n := 0
		for n+1 < len(ends) && ends[n+1] <= size {
			n++
		}
		found := wantWords(t, path, []string{"first", "apple", "pear"}[:n]...)
		if found.Torn != int64(size-ends[n]) {
			t.Errorf("of %d bytes %d are torn, want %d", size, found.Torn, size-ends[n])
		}
	}
	// Zeros, which a file system may leave, are no records.
	must(t, os.WriteFile(journal, append(whole, make([]byte, 100)...), 0o666))
	wantWords(t, path, "first", "apple", "pear")
}

func TestDamagedRecordEndsTheJournal(t *testing.T) {
	path := t.TempDir()
	must(t, use(t, path, "apple", "pear").Close())
	journal := filepath.Join(path, "journal-00000001")
	whole, err := os.ReadFile(journal)
	must(t, err)
	whole[len(whole)-1] ^= 1
	must(t, os.WriteFile(journal, whole, 0o666))
	if found := wantWords(t, path, "first", "apple"); found.Torn == 0 {
		t.Error("the damage is not reported")
	}
}

func TestDamagedSnapshotIsAnError(t *testing.T) {
	path := t.TempDir()
	must(t, use(t, path, "apple").Close())
	must(t, use(t, path).Close())
	snapshot := filepath.Join(path, "snapshot-00000002")
	whole, err := os.ReadFile(snapshot)
	must(t, err)
	for at := range whole {
		damaged := slices.Clone(whole)
		damaged[at] ^= 1
		must(t, os.WriteFile(snapshot, damaged, 0o666))
		d, err := Open(path)
		must(t, err)
		k := &kept{}
		if _, err := d.Restore(k.read, k.replay); err == nil || !strings.Contains(err.Error(), "start from zero") {
			t.Errorf("byte %d damaged: error %v", at, err)
		}
		must(t, d.Close())
	}
}

// A crash between the steps of a rotation leaves files of two generations.
func TestLeftoversOfARotation(t *testing.T) {
	path := t.TempDir()
	must(t, use(t, path, "a").Close())
	stale := filepath.Join(path, "snapshot-00000009.tmp")
	must(t, os.WriteFile(stale, []byte("half"), 0o666))
	wantWords(t, path, "first", "a")
	k := &kept{words: []string{"whole"}}
	must(t, writeSnapshot(filepath.Join(path, "snapshot-00000002"), k.write))
	// The journal of the former snapshot is part of the new one.
	wantWords(t, path, "whole")
	must(t, use(t, path, "b").Close())
	wantWords(t, path, "whole", "first", "b")
	if _, err := os.Stat(stale); err == nil {
		t.Error("the unfinished snapshot is still there")
	}
}

func TestTwoProcesses(t *testing.T) {
	path := t.TempDir()
	d := use(t, path)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "in use by another gateway") {
		t.Errorf("error %v", err)
	}
	must(t, d.Close())
	must(t, use(t, path).Close())
}

func TestSnapshotThatFails(t *testing.T) {
	path := t.TempDir()
	d := use(t, path, "a")
	failure := errors.New("no space left")
	if err := d.Rotate([]byte("first"), func(io.Writer) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("error %v", err)
	}
	must(t, d.Append([]byte("b")))
	must(t, d.Close())
	wantWords(t, path, "first", "a", "b")
}

// failing is a journal that fails on demand.
type failing struct {
	file
	write, sync, truncate error
}

func (f *failing) Write(b []byte) (int, error) {
	if f.write == nil {
		return f.file.Write(b)
	}
	n, err := f.file.Write(b[:len(b)/2])
	return n, errors.Join(err, f.write)
}

func (f *failing) Sync() error { return errors.Join(f.sync, f.file.Sync()) }

func (f *failing) Truncate(size int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.file.Truncate(size)
}

func TestJournalThatFails(t *testing.T) {
	full := errors.New("no space left")
	for name, tt := range map[string]struct {
		fail   failing
		broken bool
	}{
		"write":              {failing{write: full}, false},
		"write and truncate": {failing{write: full, truncate: full}, true},
		"sync":               {failing{sync: full}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			d, k, _ := open(t, path)
			var journal *failing
			d.create = func(path string) (file, error) {
				f, err := createFile(path)
				journal = &failing{file: f}
				return journal, err
			}
			must(t, d.Rotate([]byte("first"), k.write))
			must(t, errors.Join(d.Append([]byte("a")), d.Sync()))
			tt.fail.file = journal.file
			*journal = tt.fail
			if err := errors.Join(d.Append([]byte("lost")), d.Sync()); !errors.Is(err, full) {
				t.Errorf("error %v", err)
			}
			if broken := d.Broken() != nil; broken != tt.broken {
				t.Errorf("broken is %v, want %v", broken, tt.broken)
			}
			*journal = failing{file: journal.file}
			want := []string{"first", "a"}
			if tt.broken {
				if err := d.Append([]byte("refused")); err == nil {
					t.Error("a broken journal takes records")
				}
				k.words = want
				must(t, d.Rotate([]byte("again"), k.write))
				want = append(want, "again")
			}
			must(t, errors.Join(d.Append([]byte("b")), d.Sync(), d.Close()))
			wantWords(t, path, append(want, "b")...)
		})
	}
}

func TestReplayThatFails(t *testing.T) {
	path := t.TempDir()
	must(t, use(t, path, "a").Close())
	d, err := Open(path)
	must(t, err)
	defer func() { must(t, d.Close()) }()
	failure := errors.New("what is this")
	_, err = d.Restore((&kept{}).read, func([]byte) error { return failure })
	if !errors.Is(err, failure) || !strings.Contains(fmt.Sprint(err), "record 1") {
		t.Errorf("error %v", err)
	}
}
