package naming

import "slices"

// baseUnits are the units that names end in.
var baseUnits = []string{
	"seconds", "bytes", "ratio", "celsius", "meters", "grams", "volts", "amperes", "joules", "watts", "hertz",
}

// derived gives the base unit for units that are not one, spelt out or short.
var derived = map[string]string{
	"nanoseconds": "seconds", "microseconds": "seconds", "milliseconds": "seconds",
	"minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds",
	"ns": "seconds", "us": "seconds", "ms": "seconds", "millis": "seconds", "nanos": "seconds", "micros": "seconds",
	"sec": "seconds", "secs": "seconds", "msec": "seconds", "msecs": "seconds", "usec": "seconds",
	"bits": "bytes", "kilobytes": "bytes", "megabytes": "bytes", "gigabytes": "bytes", "terabytes": "bytes",
	"kibibytes": "bytes", "mebibytes": "bytes", "gibibytes": "bytes",
	"kb": "bytes", "mb": "bytes", "gb": "bytes", "tb": "bytes", "kib": "bytes", "mib": "bytes", "gib": "bytes",
	"percent": "ratio", "percentage": "ratio", "pct": "ratio", "permille": "ratio",
	"fahrenheit": "celsius", "kelvin": "celsius",
	"millimeters": "meters", "centimeters": "meters", "kilometers": "meters", "inches": "meters", "miles": "meters",
	"kilograms": "grams", "milligrams": "grams", "pounds": "grams", "ounces": "grams",
	"millivolts": "volts", "kilovolts": "volts", "milliamperes": "amperes", "kilojoules": "joules",
	"milliwatts": "watts", "kilowatts": "watts", "kilohertz": "hertz", "megahertz": "hertz", "gigahertz": "hertz",
	"mhz": "hertz", "khz": "hertz", "ghz": "hertz",
}

// singular gives the plural of units that were spelt without it.
var singular = map[string]string{"second": "seconds", "byte": "bytes", "meter": "meters", "gram": "grams", "volt": "volts", "joule": "joules", "watt": "watts"}

// isUnit reports whether a word is a unit, base or not.
func isUnit(word string) bool {
	_, other := derived[word]
	return other || slices.Contains(baseUnits, word)
}
