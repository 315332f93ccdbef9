package normalise

import (
	"strings"
	"unicode/utf8"
)

// What stands for a segment of a path that differs from request to request.
const (
	numberSegment = "{n}"
	uuidSegment   = "{uuid}"
	idSegment     = "{id}"
	// restSegment stands for everything beyond maxSegments.
	restSegment = "*"
)

const (
	// maxSegments is how deep a template may be.
	maxSegments = 8
	// maxSegment is how many bytes a segment may have that is taken as a word.
	maxSegment = 40
	// minHex is how many hexadecimal digits, one of them decimal, make an
	// identifier; minDigits is how many decimal ones do within a word.
	minHex    = 8
	minDigits = 3
)

// Route makes a request's path a template: a query, a fragment, and a scheme
// with its host go; a segment that is a number becomes {n}, a UUID {uuid}, and
// anything else that looks like an identifier {id}: eight hexadecimal digits or
// more, three decimal digits within a word, more than 40 bytes, or characters
// other than letters, digits and "-_.~". What lies deeper than eight segments
// becomes *. Placeholders, as in {name}, :name and *, stay.
//
// A template of the router is better where there is one: this one cannot tell a
// person's name from the name of a resource, so its outputs have no bound. Keep
// its label to a budget.
func Route() Normaliser { return Of(route) }

func route(path string) string {
	path = pathOf(path)
	if routed(path) {
		return path
	}
	var b strings.Builder
	rest, depth := strings.TrimPrefix(path, "/"), 0
	for more := true; more; depth++ {
		b.WriteByte('/')
		if depth == maxSegments {
			b.WriteString(restSegment)
			break
		}
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		b.WriteString(segmentOf(segment))
	}
	return b.String()
}

// pathOf cuts what does not belong to a path. A path has a slash in front.
func pathOf(uri string) string {
	if at := strings.IndexAny(uri, "?#"); at >= 0 {
		uri = uri[:at]
	}
	if scheme, rest, found := strings.Cut(uri, "://"); found && !strings.Contains(scheme, "/") {
		at := strings.IndexByte(rest, '/')
		if at < 0 {
			return "/"
		}
		uri = rest[at:]
	}
	if uri == "" {
		return "/"
	}
	return uri
}

// routed reports whether a path is a template already.
func routed(path string) bool {
	rest, found := strings.CutPrefix(path, "/")
	for depth := 0; found; depth++ {
		var segment string
		segment, rest, found = strings.Cut(rest, "/")
		if depth == maxSegments {
			return segment == restSegment && !found
		}
		if segmentOf(segment) != segment {
			return false
		}
		if !found {
			return true
		}
	}
	return false
}

// segmentOf returns what stands for a segment in a template.
func segmentOf(segment string) string {
	if segment == "" || placeholder(segment) {
		return segment
	}
	if len(segment) > maxSegment {
		return idSegment
	}
	var digits, hex, dashes, other int
	for i := range len(segment) {
		switch c := segment[i]; {
		case digit(c):
			digits++
			hex++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			hex++
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z', c == '_', c == '.', c == '~':
			other++
		case c == '-':
			dashes++
		default:
			return idSegment
		}
	}
	length := len(segment)
	switch {
	case digits == length, digits == length-1 && segment[0] == '-':
		return numberSegment
	case hex == 32 && (dashes == 0 && length == 32 || dashes == 4 && length == 36):
		return uuidSegment
	case digits >= minDigits, digits > 0 && hex >= minHex && other == 0:
		return idSegment
	}
	return segment
}

// placeholder reports whether a segment is a router's: {name}, :name or *.
func placeholder(segment string) bool {
	var name string
	switch {
	case segment == restSegment:
		return true
	case segment[0] == ':':
		name = segment[1:]
	case segment[0] == '{' && segment[len(segment)-1] == '}':
		name = strings.TrimSuffix(segment[1:len(segment)-1], "...")
	default:
		return false
	}
	if name == "" || len(name) > maxSegment {
		return false
	}
	for i := range len(name) {
		if c := name[i] | 0x20; name[i] >= utf8.RuneSelf || name[i] != '_' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
