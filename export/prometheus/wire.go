package prometheus

import (
	"encoding/binary"
	"math"
	"time"
)

// The wire format of protocol buffers, as far as it is needed: tags, numbers and
// messages within messages. A tag is the field's number times 8 and one of these
// types of values.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
)

func appendVarint(b []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireVarint), v)
}

// appendZigzag writes a number that may be negative.
func appendZigzag(b []byte, v int64) []byte {
	return binary.AppendUvarint(b, uint64(v)<<1^uint64(v>>63))
}

// appendDouble writes a float64. A NaN is written as the one that arithmetic
// gives, because Prometheus takes another as the mark of a series that ended.
func appendDouble(b []byte, field int, v float64) []byte {
	if v != v {
		v = math.NaN()
	}
	return binary.LittleEndian.AppendUint64(appendTag(b, field, wireFixed64), math.Float64bits(v))
}

func appendString(b []byte, field int, s string) []byte {
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(len(s)))
	return append(b, s...)
}

func appendTag(b []byte, field, wireType int) []byte {
	if field < 16 {
		return append(b, byte(field<<3|wireType))
	}
	return binary.AppendUvarint(b, uint64(field<<3|wireType))
}

// open begins a message, or another value of bytes, and returns where its
// content starts.
func open(b []byte, field int) (out []byte, start int) {
	b = append(appendTag(b, field, wireBytes), 0)
	return b, len(b)
}

// closeMessage puts the length in front of what was written since start. The
// byte kept for it is enough for most; longer messages are moved.
func closeMessage(b []byte, start int) []byte {
	size := len(b) - start
	if size < 0x80 {
		b[start-1] = byte(size)
		return b
	}
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(size))
	b = append(b, length[:n-1]...)
	copy(b[start-1+n:], b[start:start+size])
	copy(b[start-1:], length[:n])
	return b
}

// appendTimestamp writes a google.protobuf.Timestamp.
func appendTimestamp(b []byte, field int, t time.Time) []byte {
	b, start := open(b, field)
	if seconds := t.Unix(); seconds != 0 {
		b = appendVarint(b, 1, uint64(seconds))
	}
	if nanos := t.Nanosecond(); nanos != 0 {
		b = appendVarint(b, 2, uint64(nanos))
	}
	return closeMessage(b, start)
}
