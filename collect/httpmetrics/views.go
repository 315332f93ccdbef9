package httpmetrics

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// Handlers ask by type assertion what a writer can do, so a writer must not have
// methods that the server's has not. There is a view of the recorder for each
// set of the four abilities: F to flush, H to hijack, R to read from, P to push.
// Each holds one pointer only, so that making an interface of it costs nothing.
type (
	viewF    struct{ *recorder }
	viewH    struct{ *recorder }
	viewR    struct{ *recorder }
	viewP    struct{ *recorder }
	viewFH   struct{ viewF }
	viewFR   struct{ viewF }
	viewFP   struct{ viewF }
	viewHR   struct{ viewH }
	viewHP   struct{ viewH }
	viewRP   struct{ viewR }
	viewFHR  struct{ viewFH }
	viewFHP  struct{ viewFH }
	viewFRP  struct{ viewFR }
	viewHRP  struct{ viewHR }
	viewFHRP struct{ viewFHR }
)

func (v viewF) Flush() { v.flush() }

func (v viewH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return v.hijack() }
func (v viewFH) Hijack() (net.Conn, *bufio.ReadWriter, error) { return v.hijack() }

func (v viewR) ReadFrom(from io.Reader) (int64, error)   { return v.readFrom(from) }
func (v viewFR) ReadFrom(from io.Reader) (int64, error)  { return v.readFrom(from) }
func (v viewHR) ReadFrom(from io.Reader) (int64, error)  { return v.readFrom(from) }
func (v viewFHR) ReadFrom(from io.Reader) (int64, error) { return v.readFrom(from) }

func (v viewP) Push(target string, o *http.PushOptions) error    { return v.push(target, o) }
func (v viewFP) Push(target string, o *http.PushOptions) error   { return v.push(target, o) }
func (v viewHP) Push(target string, o *http.PushOptions) error   { return v.push(target, o) }
func (v viewRP) Push(target string, o *http.PushOptions) error   { return v.push(target, o) }
func (v viewFHP) Push(target string, o *http.PushOptions) error  { return v.push(target, o) }
func (v viewFRP) Push(target string, o *http.PushOptions) error  { return v.push(target, o) }
func (v viewHRP) Push(target string, o *http.PushOptions) error  { return v.push(target, o) }
func (v viewFHRP) Push(target string, o *http.PushOptions) error { return v.push(target, o) }

const (
	canFlush = 1 << iota
	canHijack
	canReadFrom
	canPush
)

// abilities tells what a writer can do.
func abilities(w http.ResponseWriter) (set int) {
	if _, can := w.(http.Flusher); can {
		set |= canFlush
	}
	if _, can := w.(http.Hijacker); can {
		set |= canHijack
	}
	if _, can := w.(io.ReaderFrom); can {
		set |= canReadFrom
	}
	if _, can := w.(http.Pusher); can {
		set |= canPush
	}
	return set
}

// view returns the recorder with the abilities of the server's writer.
func (r *recorder) view() http.ResponseWriter {
	f := viewF{r}
	switch abilities(r.ResponseWriter) {
	case canFlush:
		return f
	case canHijack:
		return viewH{r}
	case canReadFrom:
		return viewR{r}
	case canPush:
		return viewP{r}
	case canFlush | canHijack:
		return viewFH{f}
	case canFlush | canReadFrom:
		return viewFR{f}
	case canFlush | canPush:
		return viewFP{f}
	case canHijack | canReadFrom:
		return viewHR{viewH{r}}
	case canHijack | canPush:
		return viewHP{viewH{r}}
	case canReadFrom | canPush:
		return viewRP{viewR{r}}
	case canFlush | canHijack | canReadFrom:
		return viewFHR{viewFH{f}}
	case canFlush | canHijack | canPush:
		return viewFHP{viewFH{f}}
	case canFlush | canReadFrom | canPush:
		return viewFRP{viewFR{f}}
	case canHijack | canReadFrom | canPush:
		return viewHRP{viewHR{viewH{r}}}
	case canFlush | canHijack | canReadFrom | canPush:
		return viewFHRP{viewFHR{viewFH{f}}}
	}
	return r
}
