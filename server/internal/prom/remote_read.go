package prom

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds on a request for remote read, in bytes when decompressed and in queries.
const (
	remoteReadBytes   = 1 << 20
	remoteReadQueries = 100
)

// smallReads refuses requests for remote read that ask for more than anybody does:
// the endpoint decodes and answers millions of empty queries.
func smallReads(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, remoteReadBytes))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "request body exceeds 1 MiB: ask for fewer at once", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "request body cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		if length, err := snappy.DecodedLen(body); err == nil && (length > remoteReadBytes || !fewQueries(body)) {
			http.Error(w, "too many queries in a request for remote read: ask for fewer at once", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		api.ServeHTTP(w, r)
	})
}

// fewQueries reports whether a compressed request has no more fields, of which each
// query is one, than it may have queries. What is malformed is left to the endpoint.
func fewQueries(body []byte) bool {
	message, err := snappy.Decode(nil, body)
	for fields := 0; err == nil && len(message) > 0; fields++ {
		_, _, size := protowire.ConsumeField(message)
		if size < 0 {
			return true
		}
		if fields == remoteReadQueries {
			return false
		}
		message = message[size:]
	}
	return true
}
