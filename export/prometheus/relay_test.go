package prometheus

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
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
