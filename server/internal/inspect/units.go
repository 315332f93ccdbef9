package inspect

import "strings"

// unit is a unit as a multiple of the base unit of what it measures.
type unit struct {
	measures string
	factor   float64
}

// units are those that names end in. Of kilobytes nobody knows how many bytes
// they are, so that they have no factor.
var units = map[string]unit{
	"seconds": {"time", 1}, "milliseconds": {"time", 1e-3}, "microseconds": {"time", 1e-6}, "nanoseconds": {"time", 1e-9},
	"ms": {"time", 1e-3}, "us": {"time", 1e-6}, "ns": {"time", 1e-9},
	"minutes": {"time", 60}, "hours": {"time", 3600}, "days": {"time", 86400},
	"bytes": {"data", 1}, "bits": {"data", 1. / 8}, "kilobytes": {"data", 0}, "megabytes": {"data", 0}, "kb": {"data", 0}, "mb": {"data", 0},
	"ratio": {"share", 1}, "percent": {"share", 1e-2},
	"celsius": {"temperature", 0}, "volts": {"tension", 1}, "amperes": {"current", 1}, "watts": {"power", 1},
	"joules": {"energy", 1}, "hertz": {"frequency", 1}, "meters": {"length", 1}, "grams": {"mass", 1},
}

// unitChange is that of a rename; the zero value is none.
type unitChange struct {
	old, now string
	// factor makes a new value an old one; 0 is unknown.
	factor float64
}

func (c unitChange) changed() bool { return c.old != c.now }

// changedUnit compares the units that two families declare or have at the end of
// their names. A unit that only one of them has was perhaps there before.
func changedUnit(old, now Family) unitChange {
	a, b := unitName(old), unitName(now)
	if a == "" || b == "" || a == b {
		return unitChange{}
	}
	c := unitChange{old: a, now: b}
	was, is := units[a], units[b]
	if was.measures != "" && was.measures == is.measures && was.factor != 0 && is.factor != 0 {
		c.factor = is.factor / was.factor
	}
	if c.factor == 1 {
		return unitChange{}
	}
	return c
}

// unitName is the unit at the end of the name or, without one, the declared one.
func unitName(f Family) string {
	name := strings.TrimSuffix(f.Name, "_total")
	last := name[strings.LastIndexByte(name, '_')+1:]
	if _, known := units[last]; known {
		return last
	}
	return f.Unit
}
