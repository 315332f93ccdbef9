package merge

import (
	"bytes"
	"encoding/gob"
	"math"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// FuzzRead reads any image of a state. Whatever is read is a state, which can be
// shown, written again and forgotten; what is damaged is an error, at once.
func FuzzRead(f *testing.F) {
	const now = int64(1_700_000_000_000_000_000)
	s := New(DefaultSettings())
	for i, text := range []string{
		"# TYPE calls_total counter\ncalls_total{op=\"a\"} 3\n# TYPE load gauge\nload 2.5\n",
		"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n",
	} {
		group := push.Group{Labels: metric.Labels{{Name: "job", Value: "j"}}}
		b, err := push.Decode(push.Request{Protocol: push.Text, Group: group, Body: []byte(text)}, push.DefaultLimits, now+int64(i))
		if err != nil {
			f.Fatal(err)
		}
		s.Apply(now+int64(i), b)
	}
	var whole, empty bytes.Buffer
	if err := s.Write(&whole); err != nil {
		f.Fatal(err)
	}
	if err := New(DefaultSettings()).Write(&empty); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add(empty.Bytes())
	f.Add([]byte(nil))
	var endless bytes.Buffer
	if err := gob.NewEncoder(&endless).Encode(head{Version: imageVersion, Settings: DefaultSettings(), Streams: math.MaxInt, Graves: math.MaxInt}); err != nil {
		f.Fatal(err)
	}
	f.Add(endless.Bytes())
	f.Fuzz(func(t *testing.T, image []byte) {
		s, err := Read(bytes.NewReader(image))
		if err != nil {
			return
		}
		for _, family := range s.Collect().Families {
			for p := range family.Points {
				_ = p.Labels
			}
		}
		var again bytes.Buffer
		if err := s.Write(&again); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(&again); err != nil {
			t.Fatalf("what was read is written as what cannot be: %v", err)
		}
		s.Advance(s.now + int64(1000*time.Hour))
	})
}
