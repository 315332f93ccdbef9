package prometheus

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"unicode/utf8"
)

// message is a protobuf message as a plain reader of the wire format sees it: by
// the number of a field, uint64 for numbers and []byte for the rest.
type message map[uint64][]any

func readMessage(content []byte) (message, error) {
	m := message{}
	for len(content) > 0 {
		tag, size := binary.Uvarint(content)
		if size <= 0 {
			return nil, fmt.Errorf("no tag at %x", content)
		}
		content = content[size:]
		v, size := uint64(0), 0
		switch tag & 7 {
		case wireVarint:
			v, size = binary.Uvarint(content)
		case wireFixed64:
			if size = 8; len(content) >= size {
				v = binary.LittleEndian.Uint64(content)
			}
		case wireBytes:
			length, header := binary.Uvarint(content)
			if header <= 0 || length > uint64(len(content)-header) {
				return nil, fmt.Errorf("field %d has no %d bytes", tag>>3, length)
			}
			content = content[header:]
			m[tag>>3] = append(m[tag>>3], content[:length])
			content = content[length:]
			continue
		}
		if size <= 0 || size > len(content) {
			return nil, fmt.Errorf("field %d of type %d is cut off", tag>>3, tag&7)
		}
		m[tag>>3] = append(m[tag>>3], v)
		content = content[size:]
	}
	return m, nil
}

// all reads a repeated field of messages.
func (m message) all(t testing.TB, field uint64) (inner []message) {
	t.Helper()
	for _, content := range m[field] {
		one, err := readMessage(content.([]byte))
		if err != nil {
			t.Fatal(err)
		}
		inner = append(inner, one)
	}
	return inner
}

// one reads a field of one message.
func (m message) one(t testing.TB, field uint64) message {
	t.Helper()
	all := m.all(t, field)
	if len(all) != 1 {
		t.Fatalf("%d messages in field %d, want 1: %v", len(all), field, m)
	}
	return all[0]
}

func (m message) text(t testing.TB, field uint64) string {
	t.Helper()
	if len(m[field]) != 1 {
		t.Fatalf("%d values in field %d, want 1: %v", len(m[field]), field, m)
	}
	s := string(m[field][0].([]byte))
	if !utf8.ValidString(s) {
		t.Fatalf("field %d is not UTF-8: %q", field, s)
	}
	return s
}

func (m message) number(t testing.TB, field uint64) uint64 {
	t.Helper()
	if len(m[field]) != 1 {
		t.Fatalf("%d values in field %d, want 1: %v", len(m[field]), field, m)
	}
	return m[field][0].(uint64)
}

func (m message) double(t testing.TB, field uint64) float64 {
	t.Helper()
	return math.Float64frombits(m.number(t, field))
}

// labels reads a repeated field of pairs.
func (m message) labels(t testing.TB, field uint64) map[string]string {
	t.Helper()
	labels := map[string]string{}
	for _, pair := range m.all(t, field) {
		labels[pair.text(t, 1)] = pair.text(t, 2)
	}
	return labels
}

// zigzags reads packed numbers that may be negative.
func (m message) zigzags(t testing.TB, field uint64) (all []int64) {
	t.Helper()
	if len(m[field]) == 0 {
		return nil
	}
	for packed := m[field][0].([]byte); len(packed) > 0; {
		v, size := binary.Uvarint(packed)
		if size <= 0 {
			t.Fatalf("field %d is cut off", field)
		}
		all = append(all, unzigzag(v))
		packed = packed[size:]
	}
	return all
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// readDelimited reads messages with their lengths in front.
func readDelimited(t testing.TB, content []byte) (all []message) {
	t.Helper()
	for len(content) > 0 {
		length, size := binary.Uvarint(content)
		if size <= 0 || length > uint64(len(content)-size) {
			t.Fatalf("no message of %d bytes", length)
		}
		m, err := readMessage(content[size : size+int(length)])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
		content = content[size+int(length):]
	}
	return all
}
