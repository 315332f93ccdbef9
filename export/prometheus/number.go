package prometheus

import (
	"math"
	"strconv"
)

// exactInt bounds the floats that are printed as integers: below it every
// integer is one, and printing it so is several times faster.
const exactInt = 1 << 53

func appendInt(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

func appendUint(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) }

// appendFloat writes a sample's value: the shortest text that reads back as v,
// or NaN, +Inf, -Inf.
func appendFloat(b []byte, v float64) []byte {
	if math.Abs(v) < exactInt {
		if i := int64(v); float64(i) == v && (i != 0 || !math.Signbit(v)) {
			return strconv.AppendInt(b, i, 10)
		}
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendBound writes the value of an le label. It is part of a series' identity,
// so it has the one form that other exporters give it too.
func appendBound(b []byte, v float64) []byte {
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
