package servers

import (
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const line = "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 900 0 0 0 250 75 0 0 20 0 9 0 100 0 0\n"
	got, err := parseStat([]byte(line))
	if want := 3250 * time.Millisecond; err != nil || got != want {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, wrong := range []string{"", "1 name S 1", "1 (name) S 1 2", strings.Replace(line, "250", "x", 1)} {
		if _, err := parseStat([]byte(wrong)); err == nil || !strings.Contains(err.Error(), "/proc/PID/stat") {
			t.Errorf("%q: error %v, want one that says what it is not", wrong, err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	const text = "Name:\tmetertree\nVmPeak:\t  900 kB\nVmHWM:\t     300 kB\nVmRSS:\t     200 kB\n"
	got, err := parseStatus(text)
	if want := (memory{now: 200 * 1024, peak: 300 * 1024}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, wrong := range []string{"", "VmRSS: 1 kB\n", "VmHWM: 1 kB\nVmRSS: 1 MB\n", "VmRSS: many kB\n"} {
		if _, err := parseStatus(wrong); err == nil {
			t.Errorf("%q: no error", wrong)
		}
	}
}
