package durable

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

const (
	snapshotPrefix = "snapshot-"
	journalPrefix  = "journal-"
	unfinished     = ".tmp"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// file is what a journal needs of one.
type file interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// Dir is an open directory. It is not safe for concurrent use.
type Dir struct {
	path string
	lock *dirLock
	// number is that of the present snapshot and journal; 0 before there is one.
	number  uint64
	journal file
	size    int64
	// broken is why the journal cannot be relied on, until the next Rotate.
	broken error
	frame  []byte
	// gone is why nothing can be written; see Fail.
	gone atomic.Pointer[error]
	// create makes a file for appending; tests make it fail.
	create func(path string) (file, error)
}

// Open opens a directory, making it if need be, and locks it against other
// processes. Restore and Rotate must follow before records can be appended.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("storage path %q cannot be made: %w: choose another with --storage.path", path, err)
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	return &Dir{path: path, lock: lock, create: createFile}, nil
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o666)
}

func (d *Dir) snapshotPath(n uint64) string {
	return filepath.Join(d.path, fmt.Sprintf("%s%08d", snapshotPrefix, n))
}

func (d *Dir) journalPath(n uint64) string {
	return filepath.Join(d.path, fmt.Sprintf("%s%08d", journalPrefix, n))
}

// Restored says what Restore found.
type Restored struct {
	// Found is false for an empty directory.
	Found bool
	// Records is how many the journal had, and Torn how many bytes at its end
	// are no record.
	Records int
	Torn    int64
}

// Restore hands the newest snapshot to read, and then each record of its journal
// to replay. Neither may keep what it is given.
func (d *Dir) Restore(read func(io.Reader) error, replay func(record []byte) error) (Restored, error) {
	numbers, err := d.snapshots()
	if err != nil || len(numbers) == 0 {
		return Restored{}, err
	}
	d.number = numbers[len(numbers)-1]
	if err := readSnapshot(d.snapshotPath(d.number), read); err != nil {
		return Restored{}, fmt.Errorf("snapshot %s: %w: if it cannot be restored, move %s away to start from zero", d.snapshotPath(d.number), err, d.path)
	}
	found := Restored{Found: true}
	found.Records, found.Torn, err = readJournal(d.journalPath(d.number), replay)
	return found, err
}

// snapshots returns the numbers of those that are whole, in order.
func (d *Dir) snapshots() ([]uint64, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("storage path %q cannot be read: %w: choose another with --storage.path", d.path, err)
	}
	var numbers []uint64
	for _, entry := range entries {
		digits, found := strings.CutPrefix(entry.Name(), snapshotPrefix)
		if n, err := strconv.ParseUint(digits, 10, 64); found && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Rotate writes a new snapshot and begins an empty journal, whose first record is
// the given one. After an error the former ones are still in force, but for a
// journal that was broken before.
func (d *Dir) Rotate(first []byte, write func(io.Writer) error) error {
	if gone := d.gone.Load(); gone != nil {
		return *gone
	}
	next := d.number + 1
	if err := writeSnapshot(d.snapshotPath(next), write); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	// From here on the new snapshot is in force, and the old journal is not.
	if d.journal != nil {
		_ = d.journal.Close() // nothing in it counts any more
		d.journal = nil
	}
	d.broken = errors.New("the journal was not begun")
	previous := d.number
	d.number = next
	if err := d.begin(first); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return d.removeUpTo(previous)
}

// begin makes the journal of the present snapshot.
func (d *Dir) begin(first []byte) error {
	journal, err := d.create(d.journalPath(d.number))
	if err != nil {
		return err
	}
	d.journal, d.size, d.broken = journal, 0, nil
	err = d.Append(first)
	if err == nil {
		err = d.Sync()
	}
	if err == nil {
		err = syncDir(d.path)
	}
	if err != nil {
		d.broken = err
	}
	return err
}

// removeUpTo removes files with numbers up to the given one, and leftovers.
func (d *Dir) removeUpTo(last uint64) error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		name := entry.Name()
		old := strings.HasPrefix(name, snapshotPrefix) && strings.HasSuffix(name, unfinished)
		for _, prefix := range []string{snapshotPrefix, journalPrefix} {
			digits, found := strings.CutPrefix(name, prefix)
			if n, err := strconv.ParseUint(digits, 10, 64); found && err == nil && n <= last {
				old = true
			}
		}
		if old {
			errs = append(errs, os.Remove(filepath.Join(d.path, name)))
		}
	}
	return errors.Join(errs...)
}

// Close gives up the directory. What was not synced may be lost.
func (d *Dir) Close() error {
	var err error
	if d.journal != nil {
		err = d.journal.Close()
	}
	return errors.Join(err, d.lock.release())
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// snapshotMagic begins every snapshot; a checksum of what follows ends it.
const snapshotMagic = "metertree gateway 1\n"

func writeSnapshot(path string, write func(io.Writer) error) error {
	temporary := path + unfinished
	out, err := os.Create(temporary)
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	buffered := bufio.NewWriterSize(out, 1<<20)
	_, err = buffered.WriteString(snapshotMagic)
	if err == nil {
		err = write(io.MultiWriter(buffered, sum))
	}
	if err == nil {
		_, err = buffered.Write(sum.Sum(nil))
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func readSnapshot(path string, read func(io.Reader) error) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	body := info.Size() - int64(len(snapshotMagic)) - crc32.Size
	buffered := bufio.NewReaderSize(in, 1<<20)
	magic := make([]byte, len(snapshotMagic))
	if _, err := io.ReadFull(buffered, magic); err != nil || body < 0 || string(magic) != snapshotMagic {
		return errors.New("it is no snapshot of this version")
	}
	if err := checkSum(buffered, body); err != nil {
		return err
	}
	// Only now is it known that this is what was written.
	if _, err := in.Seek(int64(len(snapshotMagic)), io.SeekStart); err != nil {
		return err
	}
	buffered.Reset(in)
	return read(io.LimitReader(buffered, body))
}

// checkSum reads the body of a snapshot and the checksum that follows it.
func checkSum(from io.Reader, body int64) error {
	sum := crc32.New(castagnoli)
	if _, err := io.CopyN(sum, from, body); err != nil {
		return err
	}
	trailer := make([]byte, crc32.Size)
	if _, err := io.ReadFull(from, trailer); err != nil || !slices.Equal(trailer, sum.Sum(nil)) {
		return errors.New("its checksum does not match: the file is damaged")
	}
	return nil
}

// Fail makes every later Append, Sync and Rotate fail with the error, as a disk
// does that is gone, until it is called with nil. It is for tests, and may be
// called from any goroutine.
func (d *Dir) Fail(err error) {
	if err == nil {
		d.gone.Store(nil)
		return
	}
	d.gone.Store(&err)
}
