package worker

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/work"
)

// fetchElsewhere is a measure.Scraper: a process started as this one was does
// the task. It ends with its input, and so with this process.
func fetchElsewhere(url string, c work.Coding, series, times int) (measure.Samples, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	process, err := Start(context.Background(), 0, self, os.Args[1:]...)
	if err != nil {
		return nil, err
	}
	samples, err := process.Do(Task{Method: Fetch, URL: url, Coding: c, Series: series, Times: times})
	return samples, errors.Join(err, process.Close())
}
