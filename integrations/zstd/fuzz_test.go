package zstd

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// FuzzRoundTrip holds that what is written in any pieces is read as it was, by a
// reader that holds no more than the window, also from an encoder used again.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("a 1\nb 2\n"), []byte(""))
	f.Add(bytes.Repeat([]byte("calls_total 1\n"), 100), []byte{0, 255})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var b bytes.Buffer
		e := Encoding().New(&b)
		for range 2 {
			b.Reset()
			e.Reset(&b)
			for _, part := range [][]byte{first, second, first} {
				if _, err := e.Write(part); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := zstd.NewReader(&b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			if want := bytes.Join([][]byte{first, second, first}, nil); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes are read, %d were written: %v", len(got), len(want), err)
			}
		}
	})
}
