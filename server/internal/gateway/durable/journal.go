package durable

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

const (
	// recordHead is the size of what precedes a record: its length and its
	// checksum, four bytes each.
	recordHead = 8
	// MaxRecord is how long a record may be.
	MaxRecord = 256 << 20
)

// Append writes records to the journal, all or none. They are durable after Sync,
// and outlive the process, though not the machine, before. After an error the
// journal is as it was; if it could not be made so, Broken tells.
func (d *Dir) Append(records ...[]byte) error {
	if err := d.Broken(); err != nil {
		return err
	}
	d.frame = d.frame[:0]
	for _, record := range records {
		if len(record) == 0 || len(record) > MaxRecord {
			return fmt.Errorf("a record of %d bytes: there are between 1 and %d", len(record), MaxRecord)
		}
		d.frame = binary.LittleEndian.AppendUint32(d.frame, uint32(len(record)))
		d.frame = binary.LittleEndian.AppendUint32(d.frame, crc32.Checksum(record, castagnoli))
		d.frame = append(d.frame, record...)
	}
	n, err := d.journal.Write(d.frame)
	if cap(d.frame) > 16<<20 {
		d.frame = nil
	}
	if err == nil {
		d.size += int64(n)
		return nil
	}
	if undo := d.journal.Truncate(d.size); undo != nil {
		d.broken = fmt.Errorf("journal: %w; and what was written of it cannot be undone: %w", err, undo)
	}
	return fmt.Errorf("journal: %w", err)
}

// Sync makes what was appended durable. After an error nobody knows what is: the
// journal is broken.
func (d *Dir) Sync() error {
	if err := d.Broken(); err != nil {
		return err
	}
	if err := d.journal.Sync(); err != nil {
		d.broken = fmt.Errorf("journal: %w", err)
	}
	return d.broken
}

// Broken is why the journal takes no more records until the next Rotate, or nil.
func (d *Dir) Broken() error {
	if gone := d.gone.Load(); gone != nil {
		return *gone
	}
	return d.broken
}

// Size is the size of the journal in bytes.
func (d *Dir) Size() int64 { return d.size }

// readJournal replays records up to the first that is none. There may be no
// journal, if the process ended between a snapshot and its journal.
func readJournal(path string, replay func([]byte) error) (records int, torn int64, err error) {
	in, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return 0, 0, err
	}
	buffered := bufio.NewReaderSize(in, 1<<20)
	rest := info.Size()
	var head [recordHead]byte
	for {
		if _, err := io.ReadFull(buffered, head[:]); err != nil {
			return records, rest, unlessEnd(err)
		}
		length := int64(binary.LittleEndian.Uint32(head[:4]))
		if length == 0 || length > min(MaxRecord, rest-recordHead) {
			return records, rest, nil
		}
		record := make([]byte, length)
		if _, err := io.ReadFull(buffered, record); err != nil {
			return records, rest, unlessEnd(err)
		}
		if crc32.Checksum(record, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return records, rest, nil
		}
		if err := replay(record); err != nil {
			return records, rest, fmt.Errorf("journal %s, record %d: %w: stop the version that wrote it in order, which saves its state, or move the journal away and lose what it holds", path, records+1, err)
		}
		records++
		rest -= recordHead + length
	}
}

// unlessEnd keeps errors of reading; that a file ends is none.
func unlessEnd(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
