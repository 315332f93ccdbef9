package tree

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Describe writes the texts of a reading of the family, as of now.
func Describe(f Family, r *Reading, now time.Time) {
	unit := f.Unit
	if f.Kind.Observes() {
		unit = "" // the number counts observations; the quantiles have the unit
	}
	for i := range r.Quantiles {
		r.Quantiles[i].Text = FormatValue(float64(r.Quantiles[i].Value), f.Unit, now)
	}
	switch {
	case r.Value.IsNaN():
		r.Text = "–"
	case f.Kind == KindInfo:
		r.Text = "info"
	case r.Meaning == MeaningRate:
		r.Text = FormatValue(float64(r.Value), unit, now) + "/s"
	default:
		r.Text = FormatValue(float64(r.Value), unit, now)
	}
}

// FormatValue writes a value with its unit in few characters: bytes in powers of
// 1024, seconds in the unit that suits them, moments as their age at now,
// anything else with three significant digits and k, M, G, T.
func FormatValue(v float64, unit string, now time.Time) string {
	if math.IsNaN(v) {
		return "–"
	}
	if math.IsInf(v, 0) {
		return formatNumber(v)
	}
	switch unit {
	case UnitTimestamp:
		return formatAge(v, now)
	case "seconds":
		return formatSeconds(v)
	case "milliseconds":
		return formatSeconds(v / 1e3)
	case "microseconds":
		return formatSeconds(v / 1e6)
	case "nanoseconds":
		return formatSeconds(v / 1e9)
	case "bytes":
		return formatBytes(v)
	case "ratio":
		return formatNumber(v*100) + "%"
	case "percent":
		return formatNumber(v) + "%"
	}
	if s, ok := unitSymbols[unit]; ok {
		return formatNumber(v) + " " + s
	}
	return formatNumber(v)
}

var unitSymbols = map[string]string{
	"celsius": "°C", "volts": "V", "amperes": "A", "watts": "W", "joules": "J",
	"hertz": "Hz", "meters": "m", "grams": "g", "bits": "bit",
}

// formatNumber keeps three significant digits below a thousand of each magnitude.
func formatNumber(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	case a >= 1e18:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 999.5e9:
		return significant(v/1e12) + "T"
	case a >= 999.5e6:
		return significant(v/1e9) + "G"
	case a >= 999.5e3:
		return significant(v/1e6) + "M"
	case a >= 10_000:
		return significant(v/1e3) + "k"
	case a >= 1000 || a == 0:
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	case a < 0.001:
		return strconv.FormatFloat(v, 'g', 2, 64)
	default:
		return significant(v)
	}
}

// significant writes three significant digits without trailing zeros.
func significant(v float64) string {
	decimals := 0
	switch a := math.Abs(v); {
	case a < 0.01:
		decimals = 5
	case a < 0.1:
		decimals = 4
	case a < 1:
		decimals = 3
	case a < 9.995:
		decimals = 2
	case a < 99.95:
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func formatBytes(v float64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for math.Abs(v) >= 1023.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 && math.Abs(v) < 0.1 && v != 0 {
		return strconv.FormatFloat(v, 'g', 2, 64) + " B"
	}
	return significant(v) + " " + units[i]
}

// formatSeconds writes a span of time.
func formatSeconds(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0 s"
	case a < 1e-9:
		return strconv.FormatFloat(v, 'g', 2, 64) + " s"
	case a < 0.9995e-6:
		return significant(v*1e9) + " ns"
	case a < 0.9995e-3:
		return significant(v*1e6) + " µs"
	case a < 0.9995:
		return significant(v*1e3) + " ms"
	case a < 119.5:
		return significant(v) + " s"
	case a < 3570:
		return twoUnits(v, 60, "min", 1, "s")
	case a < 86400:
		return twoUnits(v, 3600, "h", 60, "min")
	case a < 1e10:
		return twoUnits(v, 86400, "d", 3600, "h")
	default:
		return formatNumber(v/86400) + " d"
	}
}

// twoUnits writes v seconds as a whole number of a large and a small unit.
func twoUnits(v, large float64, largeName string, small float64, smallName string) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	whole := math.Round(v / small)
	per := large / small
	a, b := math.Floor(whole/per), math.Mod(whole, per)
	s := sign + strconv.FormatFloat(a, 'f', 0, 64) + " " + largeName
	if b != 0 {
		s += " " + strconv.FormatFloat(b, 'f', 0, 64) + " " + smallName
	}
	return s
}

// formatAge writes how long before now a Unix time in seconds was.
func formatAge(v float64, now time.Time) string {
	if v <= 0 {
		return "never"
	}
	age := float64(now.UnixMilli())/1e3 - v
	if age < 0 {
		return "in " + formatSeconds(-age)
	}
	if age < 1 {
		return "just now"
	}
	return formatSeconds(math.Round(age)) + " ago"
}
