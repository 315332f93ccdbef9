// Package modelusage meters calls of language and embedding models: how many, how
// fast, and what they use.
//
// The names are within the scope given, usually one with the segment model. All
// have the keys provider and model_name, normalised to a finite set, and
// operation, which says what the call is for, such as chat or query.
//
//	name                                                           kind       what
//	calls_total{provider,model_name,operation,status}              counter    calls that ended: ok or error
//	call_duration_seconds{provider,model_name,operation}           histogram  how long calls took
//	time_to_first_token_seconds{provider,model_name,operation}     histogram  time until the first token of a streamed answer
//	tokens_total{provider,model_name,operation,kind}               counter    tokens: input, cached, output or embedding
//
// The kinds of tokens do not overlap, so they add up to all tokens. The ratio
// call_error_ratio is the calls that failed, of all calls.
package modelusage

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy/normalise"
)

// Config says which providers and models are told apart.
type Config struct {
	// Provider and Model normalise the names that calls come with to finite sets.
	// They are called for each call, from any goroutine, and should not allocate.
	// Package normalise has some, such as normalise.Enum("a", "b").Apply; nil
	// makes every name policy.Other.
	Provider, Model func(name string) string
}

// Usage meters calls of all models. Its methods may be called from any goroutine,
// and do not allocate once their series exist. Make one with New.
type Usage struct {
	config               Config
	calls                meter.CounterOf[ended]
	duration, firstToken meter.HistogramOf[purpose]
	tokens               meter.CounterOf[spent]
}

type purpose struct{ Provider, ModelName, Operation string }

type ended struct{ Provider, ModelName, Operation, Status string }

type spent struct{ Provider, ModelName, Operation, Kind string }

// New defines the meters of model usage.
func New(scope meter.Scope, config Config) (*Usage, error) {
	u := Usage{config: config}
	if u.config.Provider == nil {
		u.config.Provider = normalise.Enum().Apply
	}
	if u.config.Model == nil {
		u.config.Model = normalise.Enum().Apply
	}
	var errs [5]error
	seconds := meter.Unit("seconds")
	// Calls come with normalised names anyway; this says so to whoever admits
	// labels.
	provider, model := meter.Values("provider", u.config.Provider), meter.Values("model_name", u.config.Model)
	u.calls, errs[0] = meter.NewCounter[ended](scope, "calls_total", provider, model, meter.Role(metric.RoleTraffic),
		meter.Help("Calls of models that ended, by how they did."))
	u.duration, errs[1] = meter.NewHistogram[purpose](scope, "call_duration_seconds", seconds, provider, model, meter.Role(metric.RoleLatency),
		meter.Help("How long calls of models took."))
	u.firstToken, errs[2] = meter.NewHistogram[purpose](scope, "time_to_first_token_seconds", seconds, provider, model,
		meter.Help("Time from the call until the first token of a streamed answer."))
	u.tokens, errs[3] = meter.NewCounter[spent](scope, "tokens_total", provider, model, meter.Help("Tokens that calls of models used."))
	errs[4] = meter.Ratio(scope, "call_error_ratio", u.calls, meter.Where("status", outcome.Error), meter.Role(metric.RoleErrors),
		meter.Help("How much of the calls of models fails."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of model usage: %w", err)
	}
	return &u, nil
}

// Tokens is what a call used. No token counts as two kinds: of a provider that
// includes cached tokens in its input, subtract them.
type Tokens struct {
	// Input is what a language model read anew.
	Input int
	// Cached is what a language model had read before and was taken from its
	// cache.
	Cached int
	// Output is what a language model wrote.
	Output int
	// Embedding is what an embedding model read.
	Embedding int
}

// Call is a call under way. It is not for concurrent use.
type Call struct {
	usage   *Usage
	purpose purpose
	start   time.Time
	first   bool
}

// Started begins to measure a call. Call Done of what it returns exactly once.
func (u *Usage) Started(provider, model, operation string) Call {
	at := purpose{u.config.Provider(provider), u.config.Model(model), operation}
	return Call{usage: u, purpose: at, start: time.Now()}
}

// Token records the time to the first token. Call it for every token or piece of
// a streamed answer: those after the first change nothing.
func (c *Call) Token() {
	if !c.first {
		c.first = true
		c.usage.firstToken.Observe(time.Since(c.start).Seconds(), c.purpose)
	}
}

// Done counts the call and the tokens it used, which a failed call may have too.
func (c *Call) Done(tokens Tokens, err error) {
	at := c.purpose
	c.usage.duration.Observe(time.Since(c.start).Seconds(), at)
	c.usage.calls.Inc(ended{at.Provider, at.ModelName, at.Operation, outcome.Status(err)})
	c.spend("input", tokens.Input)
	c.spend("cached", tokens.Cached)
	c.spend("output", tokens.Output)
	c.spend("embedding", tokens.Embedding)
}

// spend makes no series for a kind that the model does not have.
func (c *Call) spend(kind string, tokens int) {
	if tokens != 0 {
		at := c.purpose
		c.usage.tokens.Add(int64(tokens), spent{at.Provider, at.ModelName, at.Operation, kind})
	}
}
