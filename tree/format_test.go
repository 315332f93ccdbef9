package tree

import (
	"math"
	"testing"
	"time"
)

func TestFormatValue(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	cases := []struct {
		v    float64
		unit string
		want string
	}{
		{0, "", "0"}, {1, "", "1"}, {12.34, "", "12.3"}, {999.4, "", "999"}, {1234, "", "1234"}, {9999.4, "", "9999"},
		{12345, "", "12.3k"}, {999_600, "", "1M"}, {2.5e9, "", "2.5G"}, {7e12, "", "7T"}, {1e20, "", "1e+20"},
		{0.5, "", "0.5"}, {0.0123, "", "0.0123"}, {1e-7, "", "1e-07"}, {-42, "", "-42"},
		{math.NaN(), "", "–"}, {math.Inf(1), "bytes", "+Inf"}, {math.Inf(-1), "", "-Inf"},
		{512, "bytes", "512 B"}, {1023.9, "bytes", "1 KiB"}, {1536, "bytes", "1.5 KiB"}, {4.21e7, "bytes", "40.1 MiB"}, {0, "bytes", "0 B"},
		{0, "seconds", "0 s"}, {2.5e-8, "seconds", "25 ns"}, {0.00031, "seconds", "310 µs"}, {0.25, "seconds", "250 ms"}, {1.5, "seconds", "1.5 s"},
		{119, "seconds", "119 s"}, {125, "seconds", "2 min 5 s"}, {3599, "seconds", "1 h"}, {7260, "seconds", "2 h 1 min"}, {90000, "seconds", "1 d 1 h"}, {-125, "seconds", "-2 min 5 s"},
		{1500, "milliseconds", "1.5 s"}, {0.123, "ratio", "12.3%"}, {55, "percent", "55%"}, {21.5, "celsius", "21.5 °C"},
		{1_700_000_000 - 90, UnitTimestamp, "90 s ago"}, {1_700_000_000 + 30, UnitTimestamp, "in 30 s"}, {0, UnitTimestamp, "never"}, {1_700_000_000, UnitTimestamp, "just now"},
	}
	for _, tc := range cases {
		if got := FormatValue(tc.v, tc.unit, now); got != tc.want {
			t.Errorf("%v %s: %q, want %q", tc.v, tc.unit, got, tc.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	cases := []struct {
		f    Family
		r    Reading
		want string
	}{
		{Family{Kind: KindCounter}, Reading{Meaning: MeaningRate, Value: 12.3}, "12.3/s"},
		{Family{Kind: KindCounter, Unit: "bytes"}, Reading{Meaning: MeaningRate, Value: 2048}, "2 KiB/s"},
		{Family{Kind: KindHistogram, Unit: "seconds"}, Reading{Meaning: MeaningRate, Value: 8}, "8/s"},
		{Family{Kind: KindHistogram, Unit: "seconds"}, Reading{Meaning: MeaningTotal, Value: 8}, "8"},
		{Family{Kind: KindInfo}, Reading{Meaning: MeaningSingle, Value: 1}, "info"},
		{Family{Kind: KindGauge}, Reading{Meaning: MeaningNone, Value: NoData}, "–"},
	}
	for _, tc := range cases {
		Describe(tc.f, &tc.r, now)
		if tc.r.Text != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.f.Kind, tc.r.Meaning, tc.r.Text, tc.want)
		}
	}
}
