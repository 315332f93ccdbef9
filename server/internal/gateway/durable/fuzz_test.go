package durable

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
)

// restoreFrom opens a directory of a snapshot and a journal with these contents.
func restoreFrom(t *testing.T, snapshot, journal []byte) (*kept, Restored, error) {
	t.Helper()
	path := t.TempDir()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	for file, content := range map[string][]byte{d.snapshotPath(1): snapshot, d.journalPath(1): journal} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := &kept{}
	found, err := d.Restore(k.read, k.replay)
	if err == nil {
		// What was restored can be gone on from.
		if err := d.Rotate([]byte("first"), k.write); err != nil {
			t.Fatal(err)
		}
	}
	return k, found, err
}

// written are the files that a directory has after it was used.
func written(f *testing.F, words ...string) (snapshot, journal []byte) {
	f.Helper()
	d, err := Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	if err := d.Rotate([]byte("first"), (&kept{words: []string{"state"}}).write); err != nil {
		f.Fatal(err)
	}
	for _, w := range words {
		if err := d.Append([]byte(w)); err != nil {
			f.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		f.Fatal(err)
	}
	if snapshot, err = os.ReadFile(d.snapshotPath(1)); err == nil {
		journal, err = os.ReadFile(d.journalPath(1))
	}
	if err != nil {
		f.Fatal(err)
	}
	return snapshot, journal
}

// FuzzJournal damages a journal: it is cut off at a place, and something follows.
// What was written whole before that place is restored, in its order.
func FuzzJournal(f *testing.F) {
	words := []string{"first", "one", "two", strings.Repeat("long", 50)}
	snapshot, journal := written(f, words[1:]...)
	f.Add(len(journal), []byte(nil))
	f.Add(len(journal)-1, []byte("\x01\x00\x00\x00\xff\xff\xff\xff"))
	f.Add(recordHead+5, []byte("\xff\xff\xff\xff1234"))
	f.Add(0, slices.Concat(journal, journal))
	f.Fuzz(func(t *testing.T, at int, tail []byte) {
		at = min(max(at, 0), len(journal))
		whole, end := 0, 0
		for _, w := range words {
			if end+recordHead+len(w) > at {
				break
			}
			end += recordHead + len(w)
			whole++
		}
		damaged := slices.Concat(journal[:at], tail)
		k, found, err := restoreFrom(t, snapshot, damaged)
		if err != nil || !found.Found {
			t.Fatalf("%q: %+v, %v", damaged, found, err)
		}
		if found.Records < whole || !slices.Equal(k.words[1:whole+1], words[:whole]) {
			t.Fatalf("%q: restored %q, %d records were whole", damaged, k.words, whole)
		}
		read := int64(0)
		for _, w := range k.words[1:] {
			read += int64(recordHead + len(w))
		}
		if found.Records != len(k.words)-1 || read+found.Torn != int64(len(damaged)) {
			t.Fatalf("%d bytes are %d records of %d bytes, and %d torn", len(damaged), found.Records, read, found.Torn)
		}
	})
}

// FuzzSnapshot damages a snapshot: what is not as it was written is refused before
// anything of it is read, and the error says which file and what to do.
func FuzzSnapshot(f *testing.F) {
	snapshot, journal := written(f)
	f.Add(snapshot)
	f.Add(snapshot[:len(snapshot)-1])
	f.Add([]byte(snapshotMagic))
	f.Add(append(slices.Clone(snapshot), 0))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		k, _, err := restoreFrom(t, content, journal)
		if err != nil {
			if k.words != nil || !strings.Contains(err.Error(), snapshotPrefix) || !strings.Contains(err.Error(), "move") {
				t.Fatalf("%q is read as %q: %v", content, k.words, err)
			}
			return
		}
		if !bytes.HasPrefix(content, []byte(snapshotMagic)) || !slices.Contains(k.words, "first") {
			t.Fatalf("%q is restored as %q", content, k.words)
		}
	})
}
