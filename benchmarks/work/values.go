package work

import (
	"math"
	"math/rand/v2"
)

// Bounds are the upper bounds of every explicit histogram, in seconds.
var Bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

const valueCount = 1024

// ValueMask turns a counter into an index of Values.
const ValueMask = valueCount - 1

// Values returns latencies in seconds that spread over all buckets: log-normal
// around 60 milliseconds, the same in every run.
func Values() *[valueCount]float64 {
	random := rand.New(rand.NewPCG(1, 2))
	var values [valueCount]float64
	for i := range values {
		values[i] = math.Exp(random.NormFloat64()*1.6 - 2.8)
	}
	return &values
}
