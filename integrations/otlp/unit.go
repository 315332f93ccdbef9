package otlp

import (
	"strings"

	"github.com/metertree/metertree/metric"
)

// ucum gives the code of the Unified Code for Units of Measure for the words
// that Prometheus' convention has.
var ucum = map[string]string{
	"seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns",
	"minutes": "min", "hours": "h", "days": "d", "weeks": "wk",
	"bytes": "By", "kibibytes": "KiBy", "mebibytes": "MiBy", "gibibytes": "GiBy", "tebibytes": "TiBy",
	"kilobytes": "kBy", "megabytes": "MBy", "gigabytes": "GBy", "terabytes": "TBy", "bits": "bit",
	"ratio": "1", "ratios": "1", "percent": "%",
	"celsius": "Cel", "kelvin": "K", "meters": "m", "grams": "g", "kilograms": "kg",
	"volts": "V", "amperes": "A", "joules": "J", "watts": "W", "hertz": "Hz",
}

// perTime gives the codes of the words that follow "per".
var perTime = map[string]string{
	"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a",
}

// unitOf returns the metric's unit in UCUM: of what it declares, or else of the
// end of its name.
func unitOf(d *metric.Descriptor) string {
	if d.Unit != "" {
		return unitFor(d.Unit)
	}
	name := strings.TrimSuffix(d.Name, "_total")
	return ucum[name[strings.LastIndexByte(name, '_')+1:]]
}

// unitFor returns the code of a declared unit. Words that are no unit are an
// annotation, which counts as 1.
func unitFor(unit string) string {
	if code, known := ucum[unit]; known {
		return code
	}
	if what, time, found := strings.Cut(unit, "_per_"); found && perTime[time] != "" {
		return unitFor(what) + "/" + perTime[time]
	}
	return "{" + annotation(unit) + "}"
}

// annotation keeps what may stand between braces: printable ASCII without them.
func annotation(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '{' || r == '}' {
			return '_'
		}
		return r
	}, s)
}
