// Package weight estimates the memory that a pushed message takes when it is
// decoded, before it is. A message of a few bytes each, most of which are empty, can
// take a hundred times its size, and with compression many thousand times.
package weight

import (
	"bytes"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrDepth is that of a message that is nested deeper than any that is meant:
// decoders call themselves for each level.
var ErrDepth = errors.New("the message is nested too deeply")

// maxDepth is how many levels a message may have.
const maxDepth = 64

// shape is what a decoder makes of a message.
type shape struct {
	// size is about what one takes, in bytes: of its structure, of the pointer to
	// it, and of what growing the list that it stands in leaves behind.
	size int64
	// below are the shapes of its fields that are messages. All others take what
	// they take on the wire, numbers up to eight times as much.
	below map[protowire.Number]*shape
}

// Protobuf messages of the protocols, with the sizes that their Go types have, twice.
var (
	label    = &shape{size: 64}
	exemplar = &shape{size: 160, below: map[protowire.Number]*shape{1: label}}
	span     = &shape{size: 64}

	histogram = &shape{size: 640, below: map[protowire.Number]*shape{8: span, 11: span}}
	writeV1   = &shape{below: map[protowire.Number]*shape{
		1: {size: 240, below: map[protowire.Number]*shape{1: label, 2: {size: 64}, 3: exemplar, 4: histogram}},
		3: {size: 160},
	}}
	writeV2 = &shape{below: map[protowire.Number]*shape{
		4: {size: 64}, // symbols, which are strings
		5: {size: 320, below: map[protowire.Number]*shape{2: {size: 64}, 3: histogram, 4: {size: 160}, 5: {size: 64}}},
	}}

	otlp = otlpShape()
)

func otlpShape() *shape {
	type fields = map[protowire.Number]*shape
	value := &shape{size: 96}
	attribute := &shape{size: 160, below: fields{2: value}}
	value.below = fields{5: {size: 96, below: fields{1: value}}, 6: {size: 96, below: fields{1: attribute}}}
	sample := &shape{size: 256, below: fields{7: attribute}}
	number := &shape{size: 320, below: fields{7: attribute, 5: sample}}
	explicit := &shape{size: 480, below: fields{9: attribute, 8: sample}}
	buckets := &shape{size: 128}
	exponential := &shape{size: 480, below: fields{1: attribute, 8: buckets, 9: buckets, 11: sample}}
	summary := &shape{size: 320, below: fields{7: attribute, 6: {size: 64}}}
	of := func(point *shape) *shape { return &shape{size: 160, below: fields{1: point}} }
	metric := &shape{size: 320, below: fields{5: of(number), 7: of(number), 9: of(explicit), 10: of(exponential), 11: of(summary), 12: attribute}}
	scope := &shape{size: 256, below: fields{3: attribute}}
	resource := &shape{size: 256, below: fields{1: attribute}}
	return &shape{below: fields{1: {size: 320, below: fields{
		1: resource, 2: {size: 320, below: fields{1: scope, 2: metric}},
	}}}}
}

// WriteV1 weighs a message of remote write 1.0, in bytes.
func WriteV1(message []byte) (int64, error) { return weigh(message, writeV1, 0) }

// WriteV2 weighs a message of remote write 2.0, in bytes.
func WriteV2(message []byte) (int64, error) { return weigh(message, writeV2, 0) }

// OTLP weighs an export of metrics by OTLP, in bytes.
func OTLP(message []byte) (int64, error) { return weigh(message, otlp, 0) }

// weigh adds up what a message's fields take. What is not well formed is left to the
// decoder, which stops there.
func weigh(message []byte, as *shape, depth int) (total int64, err error) {
	if depth > maxDepth {
		return 0, ErrDepth
	}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return total, nil
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return total, nil
		}
		field := message[n : n+size]
		message = message[n+size:]
		below := as.below[number]
		switch {
		case kind != protowire.BytesType:
			total += 8
		case below == nil:
			total += 8 * int64(size)
		default:
			content, _ := protowire.ConsumeBytes(field)
			within, err := weigh(content, below, depth+1)
			if err != nil {
				return 0, err
			}
			total += below.size + within
		}
	}
	return total, nil
}

// objectSize is about what an object of JSON takes when it is decoded.
const objectSize = 160

// OTLPJSON weighs an export of metrics by OTLP in JSON, in bytes.
func OTLPJSON(message []byte) (int64, error) {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(message); i++ {
		switch c := message[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	if deepest > 2*maxDepth {
		return 0, ErrDepth
	}
	return int64(len(message)) + objectSize*int64(bytes.Count(message, []byte{'{'})), nil
}
