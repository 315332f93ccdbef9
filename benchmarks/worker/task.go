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
	Growth     Method = "growth"
	Reduction  Method = "reduction"
	Latency    Method = "latency"
	Scrapes    Method = "scrapes"
	Fetch      Method = "fetch"
	PushOTLP   Method = "otlp"
)

// Task is one measurement of one library.
type Task struct {
	Method  Method
	Library string
	// Row is what Updates measures.
	Row work.Row
	// Kind and Series say what population the other methods measure; counters,
	// where a method is about nothing else.
	Kind   work.Kind
	Series int
	// Format is what Exposition writes.
	Format work.Format
	// Temporality is that of Reduction.
	Temporality work.Temporality
	// Times is how many figures a method other than Updates and Cold takes.
	Times int
	// Lasting is how long Updates and Latency measure for one figure.
	Lasting time.Duration
	// URL and Coding are what Fetch asks for; it needs no library.
	URL    string
	Coding work.Coding
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
	if t.Method == Fetch {
		return measure.Fetch(t.URL, t.Coding, t.Series, t.Times)
	}
	rival, err := rivals.Find(t.Library)
	if err != nil {
		return nil, err
	}
	switch t.Method {
	case Updates:
		newCase := rival.Updates[t.Row]
		if newCase == nil {
			return measure.Samples{}, nil
		}
		return measure.Updates(t.Row, newCase, t.Lasting)
	case PushOTLP:
		newPusher := rivals.Pushers()[t.Library]
		if newPusher == nil {
			return measure.Samples{}, nil
		}
		return measure.PushOTLP(t.Kind, newPusher, t.Series, t.Times)
	case Reduction:
		newPopulation := rival.Reduced[t.Temporality]
		if newPopulation == nil {
			return measure.Samples{}, nil
		}
		return measure.Reduction(t.Temporality, newPopulation, t.Series, t.Times)
	}
	newPopulation := rival.Populations[t.Kind]
	if newPopulation == nil {
		return measure.Samples{}, nil
	}
	return t.populate(newPopulation)
}

// populate does a task that is about a population of its kind.
func (t Task) populate(newPopulation func(int) rivals.Population) (measure.Samples, error) {
	switch t.Method {
	case Cold:
		return measure.Cold(t.Kind, newPopulation, t.Series)
	case Exposition:
		return measure.Exposition(t.Format, t.Kind, newPopulation, t.Series, t.Times)
	case Growth:
		return measure.Growth(newPopulation, t.Series, t.Times)
	case Latency:
		return measure.Latency(newPopulation, t.Series, t.Times, t.Lasting)
	case Scrapes:
		return measure.Scrapes(newPopulation, fetchElsewhere, t.Series, t.Times)
	}
	return nil, fmt.Errorf("there is no method %q: use one of the worker.Method constants", t.Method)
}
