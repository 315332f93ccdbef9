// Package latency draws how long calls of remote models take.
package latency

import (
	"math"
	"math/rand/v2"
	"time"
)

// Latency is a log-normal distribution, as response times of remote models
// roughly are, plus a part that grows with the tokens.
type Latency struct {
	// Median is the time of half the calls, without the part for tokens.
	Median time.Duration
	// Spread is the standard deviation of the logarithm; 0.5 puts the 99th
	// percentile at about three times the median.
	Spread float64
	// PerToken is added for each token.
	PerToken time.Duration
	// Max bounds a call; 0 does not.
	Max time.Duration
}

// Draw returns how long a call with so many tokens takes.
func (l Latency) Draw(random *rand.Rand, tokens int) time.Duration {
	d := time.Duration(float64(l.Median) * math.Exp(l.Spread*random.NormFloat64()))
	d += time.Duration(tokens) * l.PerToken
	if l.Max > 0 {
		d = min(d, l.Max)
	}
	return d
}
