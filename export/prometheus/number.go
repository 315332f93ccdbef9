package prometheus

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"time"
)

// exactInt bounds the floats that are printed as integers: below it every
// integer is one, and printing it so is several times faster.
const exactInt = 1 << 53

const (
	// maxDigits is how many digits a uint64 may have.
	maxDigits = 20
	// maxFloat is how long the shortest text of a float64 may be, with ".0".
	maxFloat = 26
)

func appendInt(b []byte, v int64) []byte {
	if v < 0 {
		return appendUint(append(b, '-'), -uint64(v))
	}
	return appendUint(b, uint64(v))
}

func appendUint(b []byte, v uint64) []byte {
	at := len(b)
	b = slices.Grow(b, maxDigits)
	b = b[:at+maxDigits]
	return b[:putUint(b, at, v)]
}

// digitPairs holds 00 to 99.
const digitPairs = "00010203040506070809101112131415161718192021222324" +
	"25262728293031323334353637383940414243444546474849" +
	"50515253545556575859606162636465666768697071727374" +
	"75767778798081828384858687888990919293949596979899"

// putUint writes v at the position, where there must be room for maxDigits, and
// returns where it ends.
func putUint(b []byte, at int, v uint64) int {
	if v < 10 {
		b[at] = '0' + byte(v)
		return at + 1
	}
	end := at + digits(v)
	i := end
	for v >= 100 {
		pair := v % 100 * 2
		v /= 100
		i -= 2
		b[i], b[i+1] = digitPairs[pair], digitPairs[pair+1]
	}
	if v < 10 {
		b[i-1] = '0' + byte(v)
	} else {
		b[i-2], b[i-1] = digitPairs[v*2], digitPairs[v*2+1]
	}
	return end
}

// digits is how many decimal digits v has.
func digits(v uint64) int {
	n := 1
	for ; v >= 10_000; v /= 10_000 {
		n += 4
	}
	switch {
	case v >= 1000:
		return n + 3
	case v >= 100:
		return n + 2
	case v >= 10:
		return n + 1
	}
	return n
}

// appendFloat writes a sample's value: the shortest text that reads back as v,
// or NaN, +Inf, -Inf.
func appendFloat(b []byte, v float64) []byte {
	if math.Abs(v) < exactInt {
		if i := int64(v); float64(i) == v && (i != 0 || !math.Signbit(v)) {
			return appendInt(b, i)
		}
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendBound writes the value of an le label of Text. It is part of a series'
// identity, so it has the one form that other exporters give it too.
func appendBound(b []byte, v float64) []byte {
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendCanonical writes the value of an le label of OpenMetrics, which shows
// that it is a float.
func appendCanonical(b []byte, v float64) []byte {
	from := len(b)
	b = appendBound(b, v)
	if !bytes.ContainsAny(b[from:], ".en") && !math.IsInf(v, 0) {
		b = append(b, ".0"...)
	}
	return b
}

// appendTime writes seconds since 1970, to the millisecond, as which scrapers
// keep times.
func appendTime(b []byte, t time.Time) []byte {
	return strconv.AppendFloat(b, float64(t.UnixMilli())/1000, 'f', -1, 64)
}
