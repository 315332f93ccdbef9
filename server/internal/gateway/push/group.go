package push

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Group is whom a text push is from: the labels in its path, and what its query
// says of the process.
type Group struct {
	Labels metric.Labels
	// Replaces says that what the group pushed before, and does not push now, has
	// ended, as PUT and DELETE ask for.
	Replaces bool
	// Start is when the process began, in nanoseconds since 1970, or 0.
	Start int64
}

// base64Suffix marks a label whose value is encoded, so that it may hold slashes
// or nothing.
const base64Suffix = "@base64"

// ParseGroup reads what follows /metrics/ in the escaped path,
// job/NAME{/LABEL/VALUE}, and start=SECONDS in the query.
func ParseGroup(path string, query url.Values) (Group, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts)%2 != 0 || strings.TrimSuffix(parts[0], base64Suffix) != "job" {
		return Group{}, fmt.Errorf("%w: path %q: push to /metrics/job/NAME, with pairs of /LABEL/VALUE after it if need be", ErrMalformed, path)
	}
	var g Group
	for i := 0; i < len(parts); i += 2 {
		l, err := pathLabel(parts[i], parts[i+1])
		if err != nil {
			return g, err
		}
		g.Labels = append(g.Labels, l)
	}
	if g.Labels[0].Value == "" {
		return g, fmt.Errorf("%w: path %q: the job has no name", ErrMalformed, path)
	}
	sortLabels(g.Labels)
	if start := query.Get("start"); start != "" {
		seconds, err := strconv.ParseFloat(start, 64)
		if err != nil || !(seconds > 0 && seconds < math.MaxInt64/1e9) {
			return g, fmt.Errorf("%w: start=%q: give the start of the process in seconds since 1970, as date +%%s prints it", ErrMalformed, start)
		}
		g.Start = int64(seconds * 1e9)
	}
	return g, nil
}

func pathLabel(name, value string) (metric.Label, error) {
	name, encoded := strings.CutSuffix(name, base64Suffix)
	var err error
	if name, err = url.PathUnescape(name); err == nil {
		value, err = url.PathUnescape(value)
	}
	if err != nil {
		return metric.Label{}, fmt.Errorf("%w: path: %w", ErrMalformed, err)
	}
	if encoded {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
		if err != nil {
			return metric.Label{}, fmt.Errorf("%w: label %q: %q is not base64 for URLs", ErrMalformed, name, value)
		}
		value = string(raw)
	}
	return metric.Label{Name: name, Value: value}, nil
}

func (g Group) append(b []byte) []byte {
	replaces := byte(0)
	if g.Replaces {
		replaces = 1
	}
	b = binary.AppendVarint(append(b, replaces), g.Start)
	return appendString(b, string(AppendLabels(nil, g.Labels)))
}

func parseGroup(b []byte) (g Group, rest []byte, err error) {
	if len(b) == 0 {
		return g, nil, fmt.Errorf("%w: a record without a group", ErrMalformed)
	}
	g.Replaces = b[0] != 0
	start, n := binary.Varint(b[1:])
	if n <= 0 {
		return g, nil, fmt.Errorf("%w: a record is cut off", ErrMalformed)
	}
	g.Start = start
	labels, rest, err := cutBytes(b[1+n:])
	if err == nil && labels != "" {
		g.Labels = DecodeLabels(nil, labels)
	}
	return g, rest, err
}
