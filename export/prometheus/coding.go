package prometheus

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Encoding is a content coding in which a scrape can be answered.
type Encoding struct {
	// Name is the one registered for HTTP, such as zstd.
	Name string
	// New returns an encoder that writes to w. An encoding without a name or
	// without New is left out.
	New func(w io.Writer) Encoder
}

// Encoder compresses what is written to it. It is used again and again, by one
// goroutine at a time, for one destination after another.
type Encoder interface {
	// Close completes what is written, and does not close the destination.
	io.WriteCloser
	// Reset forgets what was written, and goes on with another destination.
	Reset(w io.Writer)
}

// gzipEncoding is the one that every handler has.
var gzipEncoding = Encoding{Name: "gzip", New: func(w io.Writer) Encoder {
	// A scrape is compressed while the scraper waits, so speed comes first; the
	// level is a valid one, so there is no error.
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	return z
}}

// coding is an Encoding with the encoders that are not in use.
type coding struct {
	Encoding
	idle sync.Pool
}

// newCodings puts gzip behind the encodings given, unless it is one of them.
// Those that cannot be used are left out.
func newCodings(given []Encoding) []*coding {
	var all []*coding
	for _, e := range append(slices.Clone(given), gzipEncoding) {
		e.Name = strings.ToLower(e.Name)
		if e.Name != "" && e.New != nil && !slices.ContainsFunc(all, func(have *coding) bool { return have.Name == e.Name }) {
			all = append(all, &coding{Encoding: e})
		}
	}
	return all
}

func (c *coding) get(w io.Writer) Encoder {
	e, pooled := c.idle.Get().(Encoder)
	if !pooled {
		return c.New(w)
	}
	e.Reset(w)
	return e
}

func (c *coding) put(e Encoder) {
	e.Reset(io.Discard)
	c.idle.Put(e)
}

// choose returns the coding to which a request gives the greatest weight, the
// first among equals, or nil for none: no coding at all is always acceptable,
// and preferred only if the request says so.
func choose(codings []*coding, header http.Header) *coding {
	weights, any := map[string]float64{}, 0.0
	for e := range elements(header, "Accept-Encoding") {
		switch e.value {
		case "*":
			any = e.q
		case "x-gzip":
			weights["gzip"] = e.q
		default:
			weights[e.value] = e.q
		}
	}
	var best *coding
	bestQ := 0.0
	for _, c := range codings {
		q, named := weights[c.Name]
		if !named {
			q = any
		}
		if q > bestQ {
			best, bestQ = c, q
		}
	}
	if weights["identity"] > bestQ {
		return nil
	}
	return best
}
