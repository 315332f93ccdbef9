// Package language is a stand-in for a language model behind a network. What it
// writes is no more than some words of what it was asked, but it takes its time
// until the first token and for each one after it, reads and writes tokens, and
// fails now and then, as a real one does.
package language

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/latency"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/meter"
)

// ErrOverloaded is a transient failure: the same call may succeed when repeated.
var ErrOverloaded = errors.New("language model is overloaded: repeat the call later")

// Operation says what a call is for; it is a label value.
type Operation string

// The operations.
const (
	Reply   Operation = "reply"
	Extract Operation = "extract"
	Probe   Operation = "probe"
)

// maxWords bounds an answer.
const maxWords = 40

// Config describes a model.
type Config struct {
	// Provider and Name identify the model in labels and errors.
	Provider, Name string
	// Latency is how long the first token takes; the zero value takes no time.
	Latency latency.Latency
	// TokensPerSecond is how fast the model writes; 0 is at once.
	TokensPerSecond float64
	// FailureRatio is the share of calls that fail with ErrOverloaded, 0 to 1.
	FailureRatio float64
	// Instructions is how many tokens stand before every prompt. The model has
	// read them before.
	Instructions int
	// Seed starts the sequence of latencies and failures.
	Seed uint64
	// Usage meters the calls of all models; nil does not.
	Usage *modelusage.Usage
}

// Model writes texts. Its methods may be called from any goroutine.
type Model struct {
	config Config

	mu     sync.Mutex
	random *rand.Rand
}

// New makes a model, or says what is wrong with its configuration.
func New(config Config) (*Model, error) {
	switch {
	case config.Name == "":
		return nil, errors.New("language model has no name: set Config.Name")
	case config.FailureRatio < 0 || config.FailureRatio > 1:
		return nil, fmt.Errorf("language model %s has failure ratio %v: give a share from 0 to 1", config.Name, config.FailureRatio)
	case config.TokensPerSecond < 0:
		return nil, fmt.Errorf("language model %s writes %v tokens per second: give a positive rate, or 0 for at once", config.Name, config.TokensPerSecond)
	}
	if config.Usage == nil {
		var err error
		if config.Usage, err = modelusage.New(meter.Scope{}, modelusage.Config{}); err != nil {
			return nil, err
		}
	}
	return &Model{config: config, random: rand.New(rand.NewPCG(config.Seed, uint64(len(config.Name))))}, nil
}

// Answer is what a model wrote, and the tokens that it took.
type Answer struct {
	Text          string
	Input, Output int
}

// Write answers a prompt after the time that the model takes. It fails with
// ErrOverloaded or with the context's error.
func (m *Model) Write(ctx context.Context, operation Operation, prompt string) (Answer, error) {
	call := m.config.Usage.Started(m.config.Provider, m.config.Name, string(operation))
	answer, err := m.write(ctx, prompt, call.Token)
	tokens := modelusage.Tokens{Input: answer.Input, Output: answer.Output}
	if answer.Input > 0 {
		tokens.Cached = m.config.Instructions
	}
	call.Done(tokens, err)
	return answer, err
}

// write calls token when the first one is there.
func (m *Model) write(ctx context.Context, prompt string, token func()) (a Answer, err error) {
	first, fails := m.draw(embedding.Tokens(prompt))
	if err := pause.For(ctx, first); err != nil {
		return a, fmt.Errorf("language model %s: %w", m.config.Name, err)
	}
	if fails {
		return a, fmt.Errorf("language model %s: %w", m.config.Name, ErrOverloaded)
	}
	token()
	a.Input = embedding.Tokens(prompt)
	words := strings.Fields(prompt)
	a.Text = strings.Join(words[max(0, len(words)-maxWords):], " ")
	a.Output = embedding.Tokens(a.Text)
	if m.config.TokensPerSecond > 0 {
		rest := float64(a.Output) / m.config.TokensPerSecond
		if err := pause.For(ctx, time.Duration(rest*float64(time.Second))); err != nil {
			return a, fmt.Errorf("language model %s, within its answer: %w", m.config.Name, err)
		}
	}
	return a, nil
}

// draw decides how long the first token takes and whether the call fails.
func (m *Model) draw(tokens int) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config.Latency.Draw(m.random, tokens), m.random.Float64() < m.config.FailureRatio
}
