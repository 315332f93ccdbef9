package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/metertree/metertree/server/internal/inspect"
)

// DiffCmd compares two expositions.
type DiffCmd struct {
	Old string `arg:"" name:"old" help:"What was exposed: an address, a file, or - for standard input."`
	New string `arg:"" name:"new" help:"What is exposed now, likewise."`

	JSON    bool `name:"json" xor:"output" help:"Print JSON instead."`
	Relabel bool `name:"relabel" xor:"output" help:"Print metric_relabel_configs that store renamed metrics under their old names instead."`
	Rules   bool `name:"rules" xor:"output" help:"Print recording rules that make the old names from the new ones instead."`

	InputFlags
}

// Help is the detail that --help shows.
func (DiffCmd) Help() string {
	return `A service before and after a change:

  curl -s http://127.0.0.1:2121/metrics > before.txt
  metertree diff before.txt http://127.0.0.1:2121/metrics

The exit code is 1 if something breaks whoever uses the metrics: one was removed or renamed, or has another type, other labels or other buckets. It is 0 if metrics were only added.

Dashboards and alerts follow a rename when they can, if Prometheus has both names for a while:

  metertree diff before.txt after.txt --rules > renamed.rules.yml

or if the new metrics keep their old names, with what --relabel prints. With either the exit code is 0, whatever was found.`
}

// Validate finds the mistakes that can be seen on the command line alone.
func (c *DiffCmd) Validate() error {
	if c.Old == "-" && c.New == "-" {
		return errors.New("both <old> and <new> are standard input, which is there once: give a file or an address for one of them")
	}
	return c.check()
}

// Run implements the command.
func (c *DiffCmd) Run(ctx context.Context, streams Streams) error {
	// Signals are left alone, as by tree.
	before, oldName, err := c.inspect(ctx, c.Old, streams.In)
	if err != nil {
		return err
	}
	after, newName, err := c.inspect(ctx, c.New, streams.In)
	if err != nil {
		return err
	}
	d := diffReport{Old: oldName, New: newName, Difference: inspect.Diff(before, after)}
	if c.Relabel || c.Rules {
		return outputError(c.bridge(streams, d.Difference))
	}
	if c.JSON {
		err = writeJSON(streams.Out, d)
	} else {
		err = d.print(streams.Out)
	}
	if err != nil {
		return outputError(err)
	}
	if n := d.Breaking(); n > 0 {
		return fmt.Errorf("%s: %s whoever uses the metrics: keep the old ones for a while, or bridge renames with --rules or --relabel", newName, counted(n, "change breaks", "changes break"))
	}
	return nil
}

func (c *DiffCmd) bridge(streams Streams, d inspect.Difference) error {
	write := d.RecordingRules
	if c.Relabel {
		write = d.RelabelConfigs
	}
	document, err := write()
	if err != nil {
		return err
	}
	_, err = streams.Out.Write(document)
	return err
}
