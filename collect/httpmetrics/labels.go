package httpmetrics

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	// Unmatched is the route of all requests that no route matched.
	Unmatched = "__unmatched__"
	// Unknown stands for methods and statuses outside HTTP's own, and for peers
	// that were not listed.
	Unknown = "__unknown__"
	// StatusClientGone is the status of a request whose client went away before
	// anything was answered. It is never sent.
	StatusClientGone = 499
)

// methods are the values of the label method. The first stands for all others.
var methods = [...]string{
	Unknown,
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// methodIndex returns a method's place in methods. Methods are case-sensitive;
// the empty one, which a client may send a request with, is GET.
func methodIndex(method string) uint8 {
	if method == "" {
		return 1
	}
	for i := 1; i < len(methods); i++ {
		if methods[i] == method {
			return uint8(i)
		}
	}
	return 0
}

// StatusLabel says how statuses are told apart.
type StatusLabel uint8

const (
	// ByClass makes the label status a class: 1xx, 2xx, 3xx, 4xx or 5xx.
	ByClass StatusLabel = iota
	// ByCode makes it the code, such as 404. It multiplies the series.
	ByCode
)

// status is the class or the code of a status; 0 is that of an unknown one.
type status uint16

func (l StatusLabel) of(code int) status {
	switch {
	case code < 100 || code > 599:
		return 0
	case l == ByCode:
		return status(code)
	}
	return status(code / 100)
}

// class returns the values of the label for the statuses of a class, such as 5.
func (l StatusLabel) class(digit int) []string {
	if l == ByClass {
		return []string{status(digit).String()}
	}
	var codes []string
	for code := digit * 100; code < (digit+1)*100; code++ {
		codes = append(codes, status(code).String())
	}
	return codes
}

func (s status) String() string {
	switch {
	case s == 0:
		return Unknown
	case s < 10:
		return strconv.Itoa(int(s)) + "xx"
	}
	return strconv.Itoa(int(s))
}

// template strips the method from a pattern of http.ServeMux.
func template(pattern string) string {
	if at := strings.IndexAny(pattern, " \t"); at >= 0 {
		return strings.TrimLeft(pattern[at:], " \t")
	}
	return pattern
}
