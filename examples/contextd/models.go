package contextd

import (
	"time"

	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/language"
	"github.com/metertree/metertree/examples/contextd/internal/latency"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/policy/normalise"
)

// The providers of models; they are values of the label provider.
const (
	embeddingProvider = "acme"
	writingProvider   = "globex"
)

// models are what the service asks of others.
type models struct {
	embedding map[string]*embedding.Model
	writer    *language.Model
}

func newModels(config Config, scope meter.Scope) (m models, err error) {
	usage, err := modelusage.New(scope, modelusage.Config{
		Provider: normalise.Enum(embeddingProvider, writingProvider).Apply,
		Model:    normalise.Enum(SmallModel, LargeModel, WriterModel).Apply,
	})
	if err != nil {
		return m, err
	}
	m.embedding = map[string]*embedding.Model{}
	for _, c := range embeddingModels(config, usage) {
		if m.embedding[c.Name], err = embedding.New(c); err != nil {
			return m, err
		}
	}
	m.writer, err = language.New(writerModel(config, usage))
	return m, err
}

// embeddingModels are the small one and the large one, which is slower by the
// token too.
func embeddingModels(config Config, usage *modelusage.Usage) []embedding.Config {
	small := embedding.Config{Provider: embeddingProvider, Name: SmallModel, Dimensions: 64, Seed: config.Seed, Usage: usage}
	large := embedding.Config{Provider: embeddingProvider, Name: LargeModel, Dimensions: 128, Seed: config.Seed, Usage: usage}
	if median := config.ModelLatency; median > 0 {
		small.Latency = latency.Latency{Median: median, Spread: 0.5, PerToken: median / 1000, Max: 20 * median}
		large.Latency = latency.Latency{Median: 3 * median, Spread: 0.6, PerToken: median / 500, Max: 60 * median}
		small.FailureRatio, large.FailureRatio = 0.002, 0.005
	}
	return []embedding.Config{small, large}
}

func writerModel(config Config, usage *modelusage.Usage) language.Config {
	const instructions = 180
	c := language.Config{Provider: writingProvider, Name: WriterModel, Instructions: instructions, Seed: config.Seed, Usage: usage}
	if median := config.ModelLatency; median > 0 {
		c.Latency = latency.Latency{Median: 3 * median, Spread: 0.5, PerToken: median / 1000, Max: 60 * median}
		c.TokensPerSecond = float64(10*time.Second) / float64(median)
		c.FailureRatio = 0.004
	}
	return c
}
