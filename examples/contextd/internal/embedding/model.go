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
	// Name identifies the model in labels and errors.
	Name string
	// Dimensions is the length of every vector.
	Dimensions int
	// Latency is how long calls take; the zero value answers at once.
	Latency Latency
	// FailureRatio is the share of calls that fail with ErrOverloaded, 0 to 1.
	FailureRatio float64
	// Seed starts the sequence of latencies and failures.
	Seed uint64
	// Scope gets the metrics calls_total, call_duration_seconds and
	// tokens_total, which models share.
	Scope meter.Scope
}

// Model embeds texts. Its methods may be called from any goroutine.
type Model struct {
	config   Config
	calls    meter.CounterOf[call]
	tokens   meter.CounterOf[use]
	duration meter.BoundHistogram

	mu     sync.Mutex
	random *rand.Rand
}

type call struct{ ModelName, Operation, Status string }

type use struct{ ModelName, Operation string }

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
	calls, callsErr := meter.NewCounter[call](config.Scope, "calls_total",
		meter.Help("Calls of an embedding model."))
	tokens, tokensErr := meter.NewCounter[use](config.Scope, "tokens_total",
		meter.Help("Tokens given to an embedding model."))
	duration, durationErr := config.Scope.NewHistogram("call_duration_seconds", meter.Unit("seconds"),
		meter.Keys("model_name"), meter.Help("How long calls of an embedding model take."))
	if err := errors.Join(callsErr, tokensErr, durationErr); err != nil {
		return nil, err
	}
	return &Model{
		config:   config,
		calls:    calls,
		tokens:   tokens,
		duration: duration.Bind(config.Name),
		random:   rand.New(rand.NewPCG(config.Seed, uint64(len(config.Name)))),
	}, nil
}

// Name is the model's name.
func (m *Model) Name() string { return m.config.Name }

// Dimensions is the length of the model's vectors.
func (m *Model) Dimensions() int { return m.config.Dimensions }

// Embed returns one vector for each text, after the time that the model takes.
// It fails with ErrOverloaded or with the context's error.
func (m *Model) Embed(ctx context.Context, operation Operation, texts []string) ([]Vector, error) {
	start := time.Now()
	vectors, err := m.embed(ctx, operation, texts)
	m.duration.ObserveSince(start)
	status := "ok"
	if err != nil {
		status = "error"
	}
	m.calls.Inc(call{m.config.Name, string(operation), status})
	return vectors, err
}

func (m *Model) embed(ctx context.Context, operation Operation, texts []string) ([]Vector, error) {
	tokens := 0
	for _, text := range texts {
		tokens += Tokens(text)
	}
	latency, fails := m.draw(tokens)
	if err := pause.For(ctx, latency); err != nil {
		return nil, fmt.Errorf("embedding model %s: %w", m.config.Name, err)
	}
	if fails {
		return nil, fmt.Errorf("embedding model %s: %w", m.config.Name, ErrOverloaded)
	}
	m.tokens.Add(int64(tokens), use{m.config.Name, string(operation)})
	vectors := make([]Vector, len(texts))
	for i, text := range texts {
		vectors[i] = vectorOf(text, m.config.Dimensions)
	}
	return vectors, nil
}

// draw decides how long a call takes and whether it fails.
func (m *Model) draw(tokens int) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config.Latency.draw(m.random, tokens), m.random.Float64() < m.config.FailureRatio
}
