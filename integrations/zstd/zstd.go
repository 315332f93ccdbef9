// Package zstd lets scrapes be answered in the content coding zstd, which takes
// less time than gzip for smaller answers:
//
//	prometheus.Handler(registry, prometheus.Options{
//		Encodings: []prometheus.Encoding{zstd.Encoding()},
//	})
package zstd

import (
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/metertree/metertree/export/prometheus"
)

// window is how far back an encoder looks, and with it the most that a reader
// needs to hold. It is far below the 8 MiB that the coding allows on the web; the
// lines of an exposition resemble their neighbours, so more gains little.
const window = 512 << 10

// Encoding is zstd at its fastest level. Encoders compress within the calls of
// Write and own no goroutine.
func Encoding() prometheus.Encoding {
	return prometheus.Encoding{Name: "zstd", New: func(w io.Writer) prometheus.Encoder {
		// The options are valid ones, so there is no error.
		e, _ := zstd.NewWriter(w,
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1),
			zstd.WithWindowSize(window),
			zstd.WithLowerEncoderMem(true))
		return e
	}}
}
