package remotewrite

import (
	"math"
	"testing"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// FuzzEncoding holds that readers of both versions see what was given, whatever
// the strings and numbers are, and that different values stay different.
func FuzzEncoding(f *testing.F) {
	f.Add("a", "b", "help", 1.5, uint64(3), 0)
	f.Add("\xff", "\uFFFDff", "\n\xff", math.Inf(-1), uint64(math.MaxUint64), -7)
	f.Add("", "\x00", "", math.NaN(), uint64(0), 12)
	f.Fuzz(func(t *testing.T, a, b, help string, value float64, count uint64, scale int) {
		plans := newPlan(&metric.Family{Descriptor: metric.Descriptor{Name: "m", Help: help, Kind: metric.Gauge}, Keys: []string{"l"}},
			metric.Cumulative, []metric.Label{{Name: "x", Value: b}})
		r := &request{}
		r.reset(1)
		r.add(plans, labelled(a), place{part: partValue}).value = ordinary(value)
		r.add(plans, labelled(b), place{part: partBucket, bucket: "1"}).value = float64(count)
		scale = min(max(scale, minSchema), 20)
		r.add(plans, labelled(a), place{part: partNative}).native = r.addNative(&metric.ExponentialPoint{
			Scale: scale, PositiveFirst: int(int8(count)), Positive: []uint64{count % 1000, 0, 0, 0, 1, count % 7}, Sum: value})
		var e encoder
		one, two := written{}, []sample(nil)
		if err := one.decode1(e.encode(r.whole(), Version1)); err != nil {
			t.Fatal(err)
		}
		two, err := decode2(e.encode(r.whole(), Version2))
		if err != nil {
			t.Fatal(err)
		}
		for _, samples := range [][]sample{one.samples, two} {
			if len(samples) != 3 || samples[1].value != float64(count) || samples[1].labels["le"] != "1" {
				t.Fatalf("%d samples are read: %v", len(samples), samples)
			}
			if got := samples[0].value; got != value && !(math.IsNaN(got) && math.IsNaN(value)) || samples[0].stale() {
				t.Errorf("%v is read as %v", value, got)
			}
			if (samples[0].labels["l"] == samples[1].labels["l"]) != (a == b) || samples[0].labels["x"] != lossless.UTF8(b) {
				t.Errorf("%q and %q are read as %v and %v", a, b, samples[0].labels, samples[1].labels)
			}
			total := int64(0)
			for _, n := range samples[2].native.positive {
				total += n
			}
			if want := count%1000 + 1 + count%7; uint64(total) != want || samples[2].native.count != want {
				t.Errorf("a histogram of %d values is read as %+v", want, samples[2].native)
			}
		}
	})
}
