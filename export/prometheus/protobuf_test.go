package prometheus

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

func writeAs(t testing.TB, x Exposition, all ...*metric.Family) []byte {
	t.Helper()
	var page bytes.Buffer
	n, err := x.Write(t.Context(), &page, families(all...))
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(page.Len()) {
		t.Fatalf("n = %d of %d", n, page.Len())
	}
	return page.Bytes()
}

func TestProtobufFamily(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	p := intPoint(-5, "q\"\\\n", "caf\xe9")
	p.Start = start
	d := metric.Descriptor{Name: "busy_seconds_total", Kind: metric.Counter, Unit: "seconds", Help: "Wörk\xff.\n"}
	all := readDelimited(t, writeAs(t, Exposition{Format: Protobuf}, family(d, []string{"a", "b"}, p)))
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	f := all[0]
	if name, help, unit := f.text(t, 1), f.text(t, 2), f.text(t, 5); name != d.Name || help != "Wörk\uFFFD.\n" || unit != "seconds" || f.number(t, 3) != 0 {
		t.Errorf("%q %q %q type %d", name, help, unit, f.number(t, 3))
	}
	m := f.one(t, 4)
	if got, want := m.labels(t, 1), map[string]string{"a": "q\"\\\n", "b": "caf\uFFFDe9"}; !maps.Equal(got, want) {
		t.Errorf("labels %q, want %q", got, want)
	}
	c := m.one(t, 3)
	if v := c.double(t, 1); v != -5 {
		t.Errorf("value %v", v)
	}
	if at := c.one(t, 3); int64(at.number(t, 1)) != start.Unix() || at.number(t, 2) != 6 {
		t.Errorf("created %v", at)
	}
}

func TestProtobufTypes(t *testing.T) {
	for kind, want := range map[metric.Kind][2]uint64{
		metric.Counter: {0, 3}, metric.UpDownCounter: {1, 2}, metric.Gauge: {1, 2}, 99: {3, 5},
	} {
		all := readDelimited(t, writeAs(t, Exposition{Format: Protobuf},
			family(metric.Descriptor{Name: "x", Kind: kind, Number: metric.Float64}, nil, floatPoint(1.5))))
		if got := all[0].number(t, 3); got != want[0] {
			t.Errorf("%v has the type %d, want %d", kind, got, want[0])
		}
		if v := all[0].one(t, 4).one(t, want[1]).double(t, 1); v != 1.5 {
			t.Errorf("%v has the value %v", kind, v)
		}
	}
}

// A NaN with other bits would tell Prometheus that the series has ended.
func TestProtobufHasOneNaN(t *testing.T) {
	stale := math.Float64frombits(0x7ff0000000000002)
	all := readDelimited(t, writeAs(t, Exposition{Format: Protobuf}, family(metric.Descriptor{Name: "x", Kind: metric.Gauge}, nil, floatPoint(stale))))
	if bits := all[0].one(t, 4).one(t, 2).number(t, 1); bits != math.Float64bits(math.NaN()) {
		t.Errorf("NaN is written %x", bits)
	}
}

// A family that outgrows a message goes on in another one, so memory stays
// bounded; each repeats what the family is.
func TestProtobufMessagesAreBounded(t *testing.T) {
	large := largeFamily(60_000)
	large.Descriptor.Help = "Large."
	var page bytes.Buffer
	w := &largestWrite{}
	both := func(p []byte) (int, error) { page.Write(p); return w.Write(p) }
	if _, err := (Exposition{Format: Protobuf}).Write(t.Context(), writerFunc(both), families(large)); err != nil {
		t.Fatal(err)
	}
	if w.largest > maxMessage+1000 || page.Len() < 2*maxMessage {
		t.Errorf("%d bytes in pieces of up to %d", page.Len(), w.largest)
	}
	next := 0
	for _, m := range readDelimited(t, page.Bytes()) {
		if m.text(t, 1) != "large_total" || m.text(t, 2) != "Large." || m.number(t, 3) != 0 {
			t.Fatalf("message %v", m.text(t, 1))
		}
		for _, one := range m.all(t, 4) {
			if v := one.one(t, 3).double(t, 1); v != float64(next) {
				t.Fatalf("value %v, want %d", v, next)
			}
			next++
		}
	}
	if next != 60_000 {
		t.Errorf("%d series", next)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// What was sent until a failure is never a whole exposition: in protobuf nothing
// of a message may be sent before its length is known.
func TestProtobufFailsBetweenMessages(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var page bytes.Buffer
	_, err := (Exposition{Format: Protobuf}).Write(ctx, &page, func(yield func(*metric.Family) bool) {
		if yield(largeFamily(60_000)) {
			cancel(cause)
			yield(largeFamily(60_000))
		}
	})
	if !errors.Is(err, cause) {
		t.Fatalf("err = %v", err)
	}
	if len(readDelimited(t, page.Bytes())) == 0 {
		t.Error("nothing was sent")
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := Exposition{Format: 9}.Write(t.Context(), &bytes.Buffer{}, families())
	if err == nil || !strings.Contains(err.Error(), "format(9)") {
		t.Errorf("err = %v", err)
	}
}

// readNative returns the counts by the number of their bucket.
func readNative(t testing.TB, h message, spans, deltas uint64) map[int64]uint64 {
	t.Helper()
	counts := map[int64]uint64{}
	values := h.zigzags(t, deltas)
	at, count := int64(0), int64(0)
	for _, s := range h.all(t, spans) {
		at += unzigzag(s.number(t, 1))
		for range s.number(t, 2) {
			if len(values) == 0 {
				t.Fatal("the spans have more buckets than there are")
			}
			count += values[0]
			values = values[1:]
			if count < 0 {
				t.Fatalf("bucket %d has %d", at, count)
			}
			if count > 0 {
				counts[at] = uint64(count)
			}
			at++
		}
	}
	if len(values) > 0 {
		t.Fatal("the spans have fewer buckets than there are")
	}
	return counts
}

func FuzzNativeHistogram(f *testing.F) {
	f.Add(int8(0), int16(0), []byte{1, 2, 3}, int16(-4), []byte{0, 0, 1}, uint64(2), 1e-3)
	f.Add(int8(20), int16(-32768), []byte{0, 0, 0, 1, 0, 0, 0, 0, 9}, int16(0), []byte{}, uint64(0), 0.0)
	f.Add(int8(-4), int16(3), []byte{}, int16(3), []byte{}, uint64(0), 0.0)
	f.Add(int8(-9), int16(3), []byte{1}, int16(3), []byte{}, uint64(0), 0.0)
	f.Add(int8(9), int16(-1), []byte{1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1}, int16(-5), []byte{7, 0, 7}, uint64(0), 0.0)
	f.Fuzz(func(t *testing.T, scale int8, first int16, positive []byte, negativeFirst int16, negative []byte, zero uint64, threshold float64) {
		scale = max(min(scale, 20), -10)
		p := &metric.ExponentialPoint{Scale: int(scale), Zero: zero >> 1, ZeroThreshold: threshold, Sum: 1,
			PositiveFirst: int(first), Positive: widened(positive), NegativeFirst: int(negativeFirst), Negative: widened(negative)}
		one := point{nil, metric.Point{Exponential: p}}
		h := readDelimited(t, writeAs(t, Exposition{Format: Protobuf},
			family(metric.Descriptor{Name: "h", Kind: metric.Histogram}, nil, one)))[0].one(t, 4).one(t, 7)
		if h.number(t, 1) != p.Count() {
			t.Fatalf("count %d, want %d", h.number(t, 1), p.Count())
		}
		if scale < minSchema {
			if len(h[5])+len(h[12])+len(h[9]) > 0 {
				t.Fatalf("scale %d is native", scale)
			}
			return
		}
		schema := min(int(scale), maxSchema)
		if unzigzag(h.number(t, 5)) != int64(schema) || h.number(t, 7) != p.Zero {
			t.Fatalf("schema %d, zero %d", unzigzag(h.number(t, 5)), h.number(t, 7))
		}
		if got, want := readNative(t, h, 12, 13), merged(p.Positive, p.PositiveFirst, int(scale)-schema); !maps.Equal(got, want) {
			t.Errorf("positive %v, want %v", got, want)
		}
		if got, want := readNative(t, h, 9, 10), merged(p.Negative, p.NegativeFirst, int(scale)-schema); !maps.Equal(got, want) {
			t.Errorf("negative %v, want %v", got, want)
		}
		if len(h[9])+len(h[12]) == 0 {
			t.Error("without a span it is no native histogram")
		}
	})
}

// widened makes counts from bytes, the largest ones huge.
func widened(small []byte) []uint64 {
	counts := make([]uint64, len(small))
	for i, n := range small {
		counts[i] = uint64(n)
		if n > 250 {
			counts[i] <<= 40
		}
	}
	return counts
}

// merged are the counts by upper bound, once 2^shift buckets are one.
func merged(counts []uint64, first, shift int) map[int64]uint64 {
	all := map[int64]uint64{}
	for i, n := range counts {
		if n > 0 {
			all[int64((first+i)>>shift)+1] += n
		}
	}
	return all
}
