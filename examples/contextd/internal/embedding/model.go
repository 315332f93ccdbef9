// Package embedding is a stand-in for an embedding model behind a network: its
// vectors are real and deterministic, made by hashing words and word pairs into
// a fixed number of dimensions, and its latency, token counts and transient
// failures follow a distribution, so that what calls it behaves as it would with
// a real one.
package embedding

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/examples/contextd/internal/latency"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
)

// ErrOverloaded is a transient failure: the same call may succeed when repeated.
var ErrOverloaded = errors.New("embedding model is overloaded: repeat the call later")

// Operation says what a call is for; it is a label value.
type Operation string

// The operations.
const (
	Ingest Operation = "ingest"
	Query  Operation = "query"
	Probe  Operation = "probe"
)

// Config describes a model.
type Config struct {
	// Provider and Name identify the model in labels and errors.
	Provider, Name string
	// Dimensions is the length of every vector.
	Dimensions int
	// Latency is how long calls take; the zero value answers at once.
	Latency latency.Latency
	// FailureRatio is the share of calls that fail with ErrOverloaded, 0 to 1.
	FailureRatio float64
	// Seed starts the sequence of latencies and failures.
	Seed uint64
	// Usage meters the calls of all models; nil does not.
	Usage *modelusage.Usage
}

// Model embeds texts. Its methods may be called from any goroutine.
type Model struct {
	config Config

	mu     sync.Mutex
	random *rand.Rand
}

// New makes a model, or says what is wrong with its configuration.
func New(config Config) (*Model, error) {
	switch {
	case config.Name == "":
		return nil, errors.New("embedding model has no name: set Config.Name")
	case config.Dimensions < 1:
		return nil, fmt.Errorf("embedding model %s has %d dimensions: give at least 1", config.Name, config.Dimensions)
	case config.FailureRatio < 0 || config.FailureRatio > 1:
		return nil, fmt.Errorf("embedding model %s has failure ratio %v: give a share from 0 to 1", config.Name, config.FailureRatio)
	}
	if config.Usage == nil {
		var err error
		if config.Usage, err = modelusage.New(meter.Scope{}, modelusage.Config{}); err != nil {
			return nil, err
		}
	}
	return &Model{config: config, random: rand.New(rand.NewPCG(config.Seed, uint64(len(config.Name))))}, nil
}

// Name is the model's name.
func (m *Model) Name() string { return m.config.Name }

// Dimensions is the length of the model's vectors.
func (m *Model) Dimensions() int { return m.config.Dimensions }

// Embed returns one vector for each text, after the time that the model takes,
// and how many tokens it read. It fails with ErrOverloaded or with the context's
// error.
func (m *Model) Embed(ctx context.Context, operation Operation, texts []string) (vectors []Vector, tokens int, err error) {
	call := m.config.Usage.Started(m.config.Provider, m.config.Name, string(operation))
	vectors, tokens, err = m.embed(ctx, texts)
	call.Done(modelusage.Tokens{Embedding: tokens}, err)
	return vectors, tokens, err
}

func (m *Model) embed(ctx context.Context, texts []string) ([]Vector, int, error) {
	tokens := 0
	for _, text := range texts {
		tokens += Tokens(text)
	}
	takes, fails := m.draw(tokens)
	if err := pause.For(ctx, takes); err != nil {
		return nil, 0, fmt.Errorf("embedding model %s: %w", m.config.Name, err)
	}
	if fails {
		return nil, 0, fmt.Errorf("embedding model %s: %w", m.config.Name, ErrOverloaded)
	}
	vectors := make([]Vector, len(texts))
	for i, text := range texts {
		vectors[i] = vectorOf(text, m.config.Dimensions)
	}
	return vectors, tokens, nil
}

// draw decides how long a call takes and whether it fails.
func (m *Model) draw(tokens int) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config.Latency.Draw(m.random, tokens), m.random.Float64() < m.config.FailureRatio
}
