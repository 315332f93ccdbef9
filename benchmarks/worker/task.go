package worker

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Method is a way of measuring.
type Method string

// The methods, as package measure has them.
const (
	Updates    Method = "updates"
	Cold       Method = "cold"
	Exposition Method = "exposition"
	Latency    Method = "latency"
)

// Task is one measurement of one library.
type Task struct {
	Method  Method
	Library string
	// Row is what Updates measures.
	Row work.Row
	// Kind and Series say what population the other methods measure.
	Kind   work.Kind
	Series int
	// Times is how many figures Exposition and Latency take.
	Times int
	// Lasting is how long Updates and Latency measure for one figure.
	Lasting time.Duration
}

// Run does the task in this process.
func (t Task) Run() (measure.Samples, error) {
	samples, err := t.run()
	if err != nil {
		return nil, fmt.Errorf("%s of %s %s%s: %w", t.Method, t.Library, t.Row, t.Kind, err)
	}
	return samples, nil
}

func (t Task) run() (measure.Samples, error) {
	rival, err := rivals.Find(t.Library)
	if err != nil {
		return nil, err
	}
	if t.Method == Updates {
		newCase := rival.Updates[t.Row]
		if newCase == nil {
			return measure.Samples{}, nil
		}
		return measure.Updates(t.Row, newCase, t.Lasting)
	}
	newPopulation := rival.Populations[t.Kind]
	if newPopulation == nil {
		return measure.Samples{}, nil
	}
	switch t.Method {
	case Cold:
		return measure.Cold(t.Kind, newPopulation, t.Series)
	case Exposition:
		return measure.Exposition(t.Kind, newPopulation, t.Series, t.Times)
	case Latency:
		return measure.Latency(newPopulation, t.Series, t.Times, t.Lasting)
	}
	return nil, fmt.Errorf("there is no method %q: use one of the worker.Method constants", t.Method)
}
