package push

import (
	"encoding/binary"
	"fmt"
)

// Protocol is how a request is encoded.
type Protocol uint8

// The protocols. Journals hold their numbers.
const (
	OTLP Protocol = iota + 1
	OTLPJSON
	RemoteWrite1
	RemoteWrite2
	Text
)

var protocolNames = [...]string{OTLP: "otlp", OTLPJSON: "otlp_json", RemoteWrite1: "remote_write_1", RemoteWrite2: "remote_write_2", Text: "text"}

// String returns the protocol as a label value.
func (p Protocol) String() string {
	if p >= OTLP && p <= Text {
		return protocolNames[p]
	}
	return fmt.Sprintf("protocol_%d", uint8(p))
}

// Protocols are all of them.
var Protocols = []Protocol{OTLP, OTLPJSON, RemoteWrite1, RemoteWrite2, Text}

// Request is one push, without the compression it came with.
type Request struct {
	Protocol Protocol
	// Group is, for Text, what the path and the query say of the pushers.
	Group Group
	Body  []byte
}

// Append appends the request to b, for a journal.
func (r Request) Append(b []byte) []byte {
	b = append(b, byte(r.Protocol))
	b = r.Group.append(b)
	return append(b, r.Body...)
}

// ParseRequest returns the request that Append encoded. It shares the memory.
func ParseRequest(b []byte) (Request, error) {
	var r Request
	if len(b) == 0 {
		return r, fmt.Errorf("%w: an empty record", ErrMalformed)
	}
	r.Protocol = Protocol(b[0])
	var err error
	r.Group, r.Body, err = parseGroup(b[1:])
	return r, err
}

// Decode returns what a request pushes. Its errors wrap ErrMalformed or
// ErrTooLarge; nothing of such a request is taken. The batch shares the memory
// of the body. Text without times gets the given one, in nanoseconds.
func Decode(r Request, limits Limits, at int64) (*Batch, error) {
	switch r.Protocol {
	case OTLP:
		return decodeOTLP(r.Body, limits)
	case OTLPJSON:
		return decodeOTLPJSON(r.Body, limits)
	case RemoteWrite1:
		return decodeRemoteWrite(r.Body, limits, (*remoteWrite).version1)
	case RemoteWrite2:
		return decodeRemoteWrite(r.Body, limits, (*remoteWrite).version2)
	case Text:
		return decodeText(r, limits, at)
	}
	return nil, fmt.Errorf("%w: unknown protocol %d", ErrMalformed, r.Protocol)
}

// cutBytes returns a string that appendString wrote.
func cutBytes(b []byte) (s string, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return "", nil, fmt.Errorf("%w: a record of %d bytes is cut off", ErrMalformed, len(b))
	}
	b = b[n:]
	return string(b[:size]), b[size:], nil
}
