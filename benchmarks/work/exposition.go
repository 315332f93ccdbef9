package work

import (
	"fmt"
	"strconv"
)

// Format is a form of exposition.
type Format string

// The formats that populations are written in.
const (
	Text        Format = "text"
	OpenMetrics Format = "OpenMetrics"
	Protobuf    Format = "protobuf"
)

// Formats returns all of them in the order of the table.
func Formats() []Format { return []Format{Text, OpenMetrics, Protobuf} }

// Expose names the row of milliseconds for the exposition of a population.
func Expose(f Format, k Kind) Row { return Row(fmt.Sprintf("%s exposition, %ss", f, k)) }

// ExposeEach names the row of nanoseconds per series for the text exposition
// of so many counters.
func ExposeEach(series int) Row {
	return Row(fmt.Sprintf("text exposition, %s counters", Grouped(series)))
}

// Coding is what a scraper accepts as the content coding of an answer.
type Coding string

// The codings that scrapes ask for, by their names in HTTP.
const (
	Plain Coding = "identity"
	Gzip  Coding = "gzip"
)

// Codings returns all of them in the order of the table.
func Codings() []Coding { return []Coding{Plain, Gzip} }

// Scrape names the row of milliseconds from a scraper's request to the last
// byte of the answer.
func Scrape(c Coding) Row { return Row(fmt.Sprintf("scrape over HTTP, %s", c)) }

// ScrapeHeap names the row of megabytes, of 1e6 bytes, by which the heap of the
// process that answers grows meanwhile.
func ScrapeHeap(c Coding) Row { return Scrape(c) + ", heap growth in MB" }

// Figure writes a figure with the digits that a measurement deserves.
func Figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return Grouped(int(v + .5))
}

// Grouped writes an integer with a comma before each three digits.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
