package work

import "fmt"

// Keys are the names of the three labels, in the order of the fields of
// Labels.
var Keys = []string{"operation", "status", "shard"}

// Labels are the values of one series.
type Labels struct{ Operation, Status, Shard string }

const (
	operations = 10
	statuses   = 5
)

// LabelSets returns n different label sets of the lengths that services have.
// Equal values share their memory, as they do in a program that takes them
// from tables of its own.
func LabelSets(n int) []Labels { return labelSets(n, operations) }

func labelSets(n, operations int) []Labels {
	// perShard is how many label sets there are of each shard.
	perShard := operations * statuses
	ops := numbered("operation-%d", operations)
	codes := numbered("status_%d", statuses)
	shards := numbered("shard-%05d", (n+perShard-1)/perShard)
	sets := make([]Labels, n)
	for i := range sets {
		sets[i] = Labels{
			Operation: ops[i%operations],
			Status:    codes[i/operations%statuses],
			Shard:     shards[i/perShard],
		}
	}
	return sets
}

func numbered(format string, n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf(format, i)
	}
	return values
}

// rotation is how many label sets the direct rows go round: few enough to stay
// in the cache, as a busy service's do, and more than one, so that no lookup
// is predicted whole.
const rotation = 16

// RotationMask turns a counter into an index of Rotation.
const RotationMask = rotation - 1

// Rotation returns the label sets of the direct rows.
func Rotation() *[rotation]Labels {
	ops := numbered("operation-%d", operations)
	codes := numbered("status_%d", statuses)
	shards := numbered("shard-%05d", rotation)
	var few [rotation]Labels
	for i := range few {
		few[i] = Labels{Operation: ops[i%operations], Status: codes[i%statuses], Shard: shards[i]}
	}
	return &few
}
