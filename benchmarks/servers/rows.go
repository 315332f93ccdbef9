package servers

import (
	"github.com/metertree/metertree/benchmarks/work"
)

// Rows of the tables.
const (
	ScrapeRate   work.Row = "samples stored per second"
	ScrapeCPU    work.Row = "CPU seconds per million samples scraped"
	ScrapeMemory work.Row = "resident memory while scraping, MB"
	ScrapePeak   work.Row = "greatest resident memory while scraping, MB"

	WriteRate   work.Row = "samples taken by remote write per second"
	WriteCPU    work.Row = "CPU seconds per million samples by remote write"
	WriteMemory work.Row = "resident memory after the last answer, MB"
	WritePeak   work.Row = "greatest resident memory, MB"
	WriteDisk   work.Row = "bytes on disk per sample, after a clean stop"

	OTLPRate    work.Row = "points taken by OTLP per second"
	OTLPSamples work.Row = "samples stored of them per second"
	OTLPCPU     work.Row = "CPU seconds per million samples by OTLP"
	OTLPMemory  work.Row = "resident memory after the last answer of OTLP, MB"
	OTLPPeak    work.Row = "greatest resident memory under OTLP, MB"

	BinarySize work.Row = "binary, MB"
	StartEmpty work.Row = "cold start, empty storage, ms"
	StartFull  work.Row = "cold start, storage of remote write, ms"
	IdleEmpty  work.Row = "resident memory idle, empty storage, MB"
	IdleFull   work.Row = "resident memory idle, storage of remote write, MB"
)

// FasterRate is what is stored where so many samples a second are asked for.
func FasterRate(demanded float64) work.Row {
	return work.Row("of " + work.Grouped(int(demanded+.5)) + " samples per second asked for, stored")
}

// FasterCores is how many cores are busy with that.
func FasterCores(demanded float64) work.Row {
	return work.Row("of " + work.Grouped(int(demanded+.5)) + " samples per second asked for, cores busy")
}

// Median and Slowest are the rows of a query: milliseconds.
func (q Query) Median() work.Row { return work.Row(q.Name) }

// Slowest is the 99th percentile of a query.
func (q Query) Slowest() work.Row { return work.Row(q.Name + ", p99") }

// moreIsBetter are the rows of which a greater figure is the better one.
func moreIsBetter(row work.Row) bool {
	switch row {
	case ScrapeRate, WriteRate, OTLPRate, OTLPSamples:
		return true
	}
	return len(row) > 3 && row[:3] == "of " && row[len(row)-6:] == "stored"
}
