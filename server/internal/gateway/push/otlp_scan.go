package push

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// A message of two bytes becomes a hundred once it is decoded, and messages may
// be nested as deep as there are bytes. So the messages of a request are counted
// before anything is made of them.

// maxDepth is how deep messages may be nested. Ordinary ones are ten deep; the
// rest is for attributes that hold lists.
const maxDepth = 24

// message is a type of message: which of its fields are messages.
type message struct {
	fields map[protowire.Number]*message
	// point marks the data points.
	point bool
	// packed are the fields that hold an array of numbers.
	packed []protowire.Number
}

// exportRequest is the type of an OTLP request, as far as its fields can be many.
var exportRequest = func() *message {
	value, pair := &message{}, &message{}
	pair.fields = map[protowire.Number]*message{2: value}
	value.fields = map[protowire.Number]*message{
		5: {fields: map[protowire.Number]*message{1: value}},
		6: {fields: map[protowire.Number]*message{1: pair}},
	}
	leaf := &message{}
	exemplar := &message{fields: map[protowire.Number]*message{7: pair}}
	buckets := &message{packed: []protowire.Number{2}}
	points := func(point *message) *message {
		point.point = true
		return &message{fields: map[protowire.Number]*message{1: point}}
	}
	number := &message{fields: map[protowire.Number]*message{7: pair, 5: exemplar}}
	metric := &message{fields: map[protowire.Number]*message{
		5:  points(number),
		7:  points(number),
		9:  points(&message{fields: map[protowire.Number]*message{9: pair, 8: exemplar}, packed: []protowire.Number{6, 7}}),
		10: points(&message{fields: map[protowire.Number]*message{1: pair, 11: exemplar, 8: buckets, 9: buckets}}),
		11: points(&message{fields: map[protowire.Number]*message{7: pair, 6: leaf}}),
		12: pair,
	}}
	scope := &message{fields: map[protowire.Number]*message{3: pair}}
	scopes := &message{fields: map[protowire.Number]*message{1: scope, 2: metric}}
	resource := &message{fields: map[protowire.Number]*message{1: pair, 3: leaf}}
	resources := &message{fields: map[protowire.Number]*message{1: resource, 2: scopes}}
	return &message{fields: map[protowire.Number]*message{1: resources}}
}()

// scan counts the messages of a request.
type scan struct {
	limits           Limits
	points, messages int
}

// walk counts what is in a message of a type.
func (s *scan) walk(b []byte, m *message, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: messages are nested more than %d deep", ErrTooLarge, maxDepth)
	}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: not OTLP in protobuf: %w", ErrMalformed, protowire.ParseError(n))
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(number, kind, b)
		if size < 0 {
			return fmt.Errorf("%w: not OTLP in protobuf: %w", ErrMalformed, protowire.ParseError(size))
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			if err := s.field(value, m, number, depth); err != nil {
				return err
			}
		}
		b = b[size:]
	}
	return nil
}

func (s *scan) field(value []byte, m *message, number protowire.Number, depth int) error {
	for _, packed := range m.packed {
		if most := 10 * (s.limits.Buckets + 1); number == packed && len(value) > most {
			return fmt.Errorf("%w: a histogram with more than %d buckets: declare fewer", ErrTooLarge, s.limits.Buckets)
		}
	}
	child := m.fields[number]
	if child == nil {
		return nil
	}
	if child.point {
		s.points++
		if err := s.limits.points(s.points); err != nil {
			return err
		}
	}
	if s.messages++; s.messages > messagesPerPoint*s.limits.Points {
		return fmt.Errorf("%w: more than %d attributes and exemplars in one request: send smaller batches", ErrTooLarge, messagesPerPoint*s.limits.Points)
	}
	return s.walk(value, child, depth+1)
}

// scanJSON counts the objects and the depth of JSON, without holding it to its
// grammar.
func scanJSON(b []byte, limits Limits) error {
	depth, objects, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			// Every object is in an array, or the value of a field.
			if depth++; depth > 2*maxDepth {
				return fmt.Errorf("%w: JSON nested more than %d deep", ErrTooLarge, 2*maxDepth)
			}
			if objects++; objects > messagesPerPoint*limits.Points {
				return fmt.Errorf("%w: more than %d JSON objects in one request: send smaller batches", ErrTooLarge, messagesPerPoint*limits.Points)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
