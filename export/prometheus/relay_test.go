package prometheus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
)

func TestRelaySendsAllInOrder(t *testing.T) {
	for parts := range 20 {
		var got, want bytes.Buffer
		r := relay{to: &got}
		buffer := make([]byte, 0, 100)
		for i := range parts {
			buffer = append(buffer[:0], strings.Repeat(string(rune('a'+i)), i)...)
			want.Write(buffer)
			if n, err := r.Write(buffer); n != i || err != nil {
				t.Fatalf("part %d: %d bytes, %v", i, n, err)
			}
			clear(buffer) // its owner uses it again
		}
		if err := r.close(); err != nil || got.String() != want.String() {
			t.Errorf("%d parts: got %q, %v, want %q", parts, got.String(), err, want.String())
		}
	}
}

// failing fails, or panics if the error is nil, after a few writes.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.after--; f.after >= 0 {
		return len(p), nil
	}
	if f.err == nil {
		panic("broken")
	}
	return 0, f.err
}

func TestRelayTellsWhatFailed(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := []struct {
		to   io.Writer
		want string
	}{
		{&failing{0, broken}, "broken pipe"},
		{&failing{1, broken}, "broken pipe"},
		{&failing{5, broken}, "broken pipe"},
		{&failing{5, nil}, "sending panicked: broken"},
		{&short{}, io.ErrShortWrite.Error()},
	}
	for i, tt := range tests {
		r := relay{to: tt.to}
		var err error
		for n := 0; n < 50 && err == nil; n++ {
			_, err = r.Write([]byte("part"))
		}
		if closed := r.close(); err == nil || err.Error() != tt.want || closed != nil && closed.Error() != tt.want {
			t.Errorf("case %d: errors %v and %v, want %q", i, err, closed, tt.want)
		}
	}
}

// short takes one byte less than it is given, but of the first part.
type short struct{ written int }

func (s *short) Write(p []byte) (int, error) {
	if s.written++; s.written == 1 {
		return len(p), nil
	}
	return len(p) - 1, nil
}

// TestAPanicLeavesNothingThatSends has a producer panic while a part is being
// sent: nothing may be written once the handler has returned, because the
// response and the encoder are used again.
func TestAPanicLeavesNothingThatSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Handler(producerFunc(func(context.Context) iter.Seq[*metric.Family] {
			return func(yield func(*metric.Family) bool) {
				for i := range 4 {
					d := metric.Descriptor{Name: fmt.Sprintf("a%d", i), Kind: metric.Gauge, Help: strings.Repeat("x", flushAt)}
					yield(family(d, nil, floatPoint(1)))
				}
				panic("broken")
			}
		}), Options{})
		w := &lingering{ResponseRecorder: httptest.NewRecorder()}
		func() {
			defer func() {
				if p := recover(); p != "broken" {
					t.Errorf("panicked with %v, want what the producer panicked with", p)
				}
			}()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		}()
		before := w.writes.Load()
		time.Sleep(time.Minute)
		if after := w.writes.Load(); after != before || before == 0 {
			t.Errorf("%d writes by the time the handler returned, %d a minute later", before, after)
		}
	})
}

// lingering is a response that takes a second for each write.
type lingering struct {
	*httptest.ResponseRecorder
	writes atomic.Int64
}

func (l *lingering) Write(p []byte) (int, error) {
	time.Sleep(time.Second)
	l.writes.Add(1)
	return l.ResponseRecorder.Write(p)
}
