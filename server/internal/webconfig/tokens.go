package webconfig

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
)

const (
	// minTokenBytes keeps out what can be guessed: nothing slows down a guess.
	minTokenBytes = 16
	maxTokenBytes = 4 << 10
	// maxTokenFile bounds the file, and with it the time a request takes.
	maxTokenFile = 64 << 10
)

// tokens are the bearer tokens of a file: one on each line, in which empty lines
// and those that begin with # do not count. The file is read at each request
// that brings one. While it cannot be read, none is accepted.
type tokens struct {
	file   string
	logger *slog.Logger
	broken atomic.Bool
}

// check reads the file and says what is wrong with it, never what is in it.
func (t *tokens) check() error {
	_, err := t.read()
	return err
}

// accepts reports whether the request brings one of the tokens. How long it takes
// tells nothing about them but their number.
func (t *tokens) accepts(r *http.Request) bool {
	scheme, brought, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || brought == "" {
		return false
	}
	known, err := t.read()
	if failed := err != nil; t.broken.Swap(failed) != failed && failed {
		t.logger.Error("no push is let in by its token", "err", err)
	}
	got := sha256.Sum256([]byte(strings.TrimSpace(brought)))
	found := 0
	for _, token := range known {
		sum := sha256.Sum256(token)
		found |= subtle.ConstantTimeCompare(sum[:], got[:])
	}
	return found == 1
}

func (t *tokens) read() ([][]byte, error) {
	file, err := os.Open(t.file)
	if err != nil {
		return nil, fmt.Errorf("token file: %w: check the path given with --web.push-token-file and that it can be read", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxTokenFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("token file: %w: check the path given with --web.push-token-file", err)
	case len(content) > maxTokenFile:
		return nil, fmt.Errorf("token file %s has more than %d bytes: keep to the tokens in use", t.file, maxTokenFile)
	}
	return t.parse(content)
}

func (t *tokens) parse(content []byte) ([][]byte, error) {
	var known [][]byte
	number := 0
	for line := range bytes.Lines(content) {
		number++
		token := bytes.TrimSpace(line)
		switch {
		case len(token) == 0 || token[0] == '#':
			continue
		case len(token) < minTokenBytes || len(token) > maxTokenBytes:
			return nil, fmt.Errorf("token file %s, line %d: %d characters: write a token of %d to %d, such as openssl rand -hex 32 prints", t.file, number, len(token), minTokenBytes, maxTokenBytes)
		case bytes.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
			return nil, fmt.Errorf("token file %s, line %d: a token is of printed ASCII characters without spaces: write one such as openssl rand -hex 32 prints", t.file, number)
		}
		known = append(known, token)
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("token file %s holds no token: write one on each line, such as openssl rand -hex 32 prints", t.file)
	}
	return known, nil
}
