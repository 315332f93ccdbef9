package cli

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// CardinalityCmd counts the series of one exposition.
type CardinalityCmd struct {
	Target string `arg:"" name:"target" help:"Address of a metrics page, a file, or - for standard input."`

	JSON    bool   `name:"json" help:"Print JSON instead, with everything."`
	Top     int    `name:"top" default:"10" placeholder:"N" help:"Show this many metrics, labels and pairs of labels (${default})."`
	Budget  int    `name:"budget" default:"0" placeholder:"N" help:"Fail if there are more series than this, and say which labels to take off; 0 is no budget."`
	Save    string `name:"save" placeholder:"FILE" help:"Keep the numbers, as JSON, to compare later ones with."`
	Against string `name:"against" placeholder:"FILE" help:"Show what has grown since the numbers were kept in this file."`

	InputFlags
}

// Help is the detail that --help shows.
func (CardinalityCmd) Help() string {
	return `How many series there are, and which labels make them:

  metertree cardinality http://127.0.0.1:9100/metrics --top 5

A label with fewer than 10 values is good and one with more than 100 is questioned. Without it, the metric would have the series of the last column.

In a pipeline, the exit code is 1 beyond a budget, and the output says what would have to go:

  metertree cardinality metrics.txt --budget 2000

What has grown since the last look:

  metertree cardinality http://127.0.0.1:9100/metrics --save last.json
  metertree cardinality http://127.0.0.1:9100/metrics --against last.json --save last.json`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *CardinalityCmd) Validate() error {
	if c.Top < 1 {
		return fmt.Errorf("--top=%d shows nothing: give 1 or more", c.Top)
	}
	if c.Budget < 0 {
		return fmt.Errorf("--budget=%d is negative: give a number of series, or 0 for no budget", c.Budget)
	}
	return c.check()
}

// Run implements the command.
func (c *CardinalityCmd) Run(ctx context.Context, streams Streams) error {
	// Signals are left alone, as by tree. What was kept is looked at first: the new
	// numbers may take its place.
	earlier, err := c.readEarlier()
	if err != nil {
		return err
	}
	exposition, name, err := c.inspect(ctx, c.Target, streams.In)
	if err != nil {
		return err
	}
	report := cardinalityReport{Target: name, Report: exposition.Cardinality(policy.Thresholds{})}
	if err := c.save(report); err != nil {
		return err
	}
	if earlier != nil {
		growth := append([]cardinality.Growth{}, report.GrowthSince(earlier.Report)...)
		report.Growth = &growth
	}
	if c.Budget > 0 {
		plan, err := exposition.Fit(report.Report, c.Budget)
		if err != nil {
			return err
		}
		report.Plan = &plan
	}
	if c.JSON {
		err = writeJSON(streams.Out, report)
	} else {
		err = report.print(streams.Out, c.Top)
	}
	if err != nil {
		return outputError(err)
	}
	return report.verdict()
}
