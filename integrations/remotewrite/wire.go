package remotewrite

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

func appendVarint(b []byte, field int, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, protowire.Number(field), protowire.VarintType), v)
}

func appendZigzag(b []byte, field int, v int64) []byte {
	return appendVarint(b, field, protowire.EncodeZigZag(v))
}

// packZigzag writes a number of a packed list.
func packZigzag(b []byte, v int64) []byte {
	return protowire.AppendVarint(b, protowire.EncodeZigZag(v))
}

func appendDouble(b []byte, field int, v float64) []byte {
	b = protowire.AppendTag(b, protowire.Number(field), protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(v))
}

func appendString(b []byte, field int, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, protowire.Number(field), protowire.BytesType), s)
}

// open begins a message, or a packed list, and returns where its content starts.
func open(b []byte, field int) (out []byte, start int) {
	b = append(protowire.AppendTag(b, protowire.Number(field), protowire.BytesType), 0)
	return b, len(b)
}

// closeMessage puts the length in front of what was written since start. The byte
// kept for it is enough for most; longer messages are moved.
func closeMessage(b []byte, start int) []byte {
	size := len(b) - start
	n := protowire.SizeVarint(uint64(size))
	for range n - 1 {
		b = append(b, 0)
	}
	copy(b[start-1+n:], b[start:start+size])
	protowire.AppendVarint(b[:start-1], uint64(size))
	return b
}

// ordinary makes a NaN the one that arithmetic gives: receivers take another as
// the mark of a series that ended.
func ordinary(v float64) float64 {
	if v != v {
		return math.NaN()
	}
	return v
}

// packVarint writes a number of a packed list.
func packVarint(b []byte, v uint64) []byte { return protowire.AppendVarint(b, v) }
