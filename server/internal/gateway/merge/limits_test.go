package merge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// Instances come and go; what is held follows those that are there.
func TestMemoryIsBoundedByLiveSeries(t *testing.T) {
	s := newScript(t, func(o *Settings) { o.Idle, o.Streams, o.Series = time.Minute, 300, 50 })
	var counted float64
	for i := range 20_000 {
		s.now += second
		c := told{instance: fmt.Sprint("pod-", i), name: "c_total", kind: metric.Counter,
			labels: metric.Labels{{Name: "user", Value: fmt.Sprint(i / 7 % 40)}}}
		o := s.state.Apply(s.now, c.push(push.Point{Start: s.now - 5, Time: s.now, Float: 1}))
		counted += float64(o.Merged)
		size := s.state.Size()
		if size.Streams > 62 || size.Series > 40 || size.Fingerprints > 300 || size.Sources > 62 || cap(s.state.gone.queue) > 2000 {
			t.Fatalf("after %d instances: %+v, queue of %d", i, size, cap(s.state.gone.queue))
		}
	}
	sum := 0.0
	for p := range s.state.Collect().Families[0].Points {
		sum += p.Float
	}
	if sum != 20_000 || counted != sum {
		t.Errorf("shown %v, counted %v, want 20000", sum, counted)
	}
	// And when all are gone, nothing is left.
	s.state.Advance(s.now + int64(100*time.Hour))
	s.state.Advance(s.now + int64(200*time.Hour))
	if size := s.state.Size(); size != (Size{}) {
		t.Errorf("left behind: %+v", size)
	}
}

func TestLimits(t *testing.T) {
	s := newScript(t, func(o *Settings) { o.Streams, o.Series = 2, 2 })
	label := func(instance, v string) told {
		return told{instance: instance, name: "c_total", kind: metric.Counter, labels: metric.Labels{{Name: "v", Value: v}}}
	}
	s.push(label("a", "1").push(at(0, 10, 1)), "", `c_total{v="1"} 1`)
	s.push(label("b", "1").push(at(0, 10, 1)), "", `c_total{v="1"} 2`)
	s.push(label("c", "1").push(at(0, 10, 1)), push.StreamLimit, `c_total{v="1"} 2`)
	s = newScript(t, func(o *Settings) { o.Series = 1 })
	s.push(label("a", "1").push(at(0, 10, 1)), "", `c_total{v="1"} 1`)
	s.push(label("a", "2").push(at(0, 10, 1)), push.SeriesLimit, `c_total{v="1"} 1`)
}

// Long labels are not more than the limit on streams allows for.
func TestHeldBytesAreBounded(t *testing.T) {
	s := newScript(t, func(o *Settings) { o.Streams, o.Series = 100, 100 })
	long := strings.Repeat("x", 4000)
	refused := 0
	for i := range 100 {
		s.now += second
		c := told{instance: long + fmt.Sprint(i), name: "c_total", kind: metric.Counter, labels: metric.Labels{{Name: "v", Value: long}}}
		o := s.state.Apply(s.now, c.push(at(0, 10, 1)))
		refused += o.Refused.Counts[push.StreamLimit]
	}
	if held := s.state.Size().Held; held > 100*bytesPerStream+13_000 || refused < 80 {
		t.Errorf("%d bytes held, %d streams refused", held, refused)
	}
}

// A copy that was written and read goes on exactly as the original does.
func TestWrittenStateIsTheSame(t *testing.T) {
	for seed := range uint64(5) {
		w := newWorld(seed, New(DefaultSettings()))
		for _, f := range forms {
			w.instances++
			w.spawn(f, w.instances)
		}
		for range 1000 {
			w.step(t)
		}
		before := shown(w.state)
		size := w.state.Size()
		w.save(t)
		if after := shown(w.state); after != before || w.state.Size() != size {
			t.Errorf("after: %+v\n%s\nbefore: %+v\n%s", w.state.Size(), after, size, before)
		}
	}
}

func TestDamagedImages(t *testing.T) {
	w := newWorld(1, New(DefaultSettings()))
	for _, f := range forms {
		w.instances++
		w.spawn(f, w.instances)
	}
	for range 200 {
		w.step(t)
	}
	var image bytes.Buffer
	if err := w.state.Write(&image); err != nil {
		t.Fatal(err)
	}
	for size := 0; size < image.Len(); size += 97 {
		if _, err := Read(bytes.NewReader(image.Bytes()[:size])); err == nil {
			t.Fatalf("%d of %d bytes are read as a state", size, image.Len())
		}
	}
}
