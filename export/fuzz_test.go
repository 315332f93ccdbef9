package export

import (
	"math"
	"strconv"
	"testing"
	"time"
)

// FuzzParseRetryAfter holds that whatever a backend says, nobody waits for a
// negative time, and that seconds and dates are read as they are written.
func FuzzParseRetryAfter(f *testing.F) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Add("120", int64(120))
	f.Add(" Sun, 01 Mar 2026 12:00:05 GMT\t", int64(5))
	f.Add("Mon, 01 Jan 0001 00:00:00 GMT", int64(-1))
	f.Add("18446744073709551616", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, header string, seconds int64) {
		if after, ok := ParseRetryAfter(header, now); after < 0 || !ok && after != 0 {
			t.Fatalf("%q is %v, %v", header, after, ok)
		}
		if seconds < 0 || seconds > 1e9 {
			return
		}
		want := time.Duration(seconds) * time.Second
		for _, written := range []string{strconv.FormatInt(seconds, 10), now.Add(want).Format(httpDate)} {
			if after, ok := ParseRetryAfter(written, now); after != want || !ok {
				t.Fatalf("%q is %v, %v; want %v", written, after, ok, want)
			}
		}
	})
}
