// Command otelapi measures OpenTelemetry's metrics API on its SDK and on a
// metertree registry with the same calls, taking turns in one run, and prints the
// medians with their ratio.
//
//	go run ./benchmarks/cmd/otelapi          # from the root of the repository
//
// It fails if an update was lost.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/rivals"
)

func main() {
	rounds := flag.Int("rounds", 7, "how often each row is measured")
	lasting := flag.Duration("lasting", 10*time.Millisecond, "how long each run of updates is")
	series := flag.Int("series", 20_000, "how many series memory is measured with")
	flag.Parse()
	if err := run(*rounds, *lasting, *series); err != nil {
		fmt.Fprintln(os.Stderr, "otelapi:", err)
		os.Exit(1)
	}
}

func run(rounds int, lasting time.Duration, series int) error {
	results := report.Results{}
	for range rounds {
		for _, rival := range []rivals.Rival{rivals.APIOnSDK(), rivals.APIOnMetertree()} {
			if err := measureAll(results, rival, lasting, series); err != nil {
				return fmt.Errorf("%s: %w", rival.Name, err)
			}
		}
	}
	return show(results)
}

// measureAll takes figures of every row of a rival.
func measureAll(results report.Results, rival rivals.Rival, lasting time.Duration, series int) error {
	for row, newCase := range rival.Updates {
		samples, err := measure.Updates(row, newCase, lasting)
		if err != nil {
			return fmt.Errorf("%s: %w", row, err)
		}
		results.Add(rival.Name, samples)
	}
	for kind, newPopulation := range rival.Populations {
		samples, err := measure.Cold(kind, newPopulation, series)
		if err != nil {
			return fmt.Errorf("%s series: %w", kind, err)
		}
		results.Add(rival.Name, samples)
	}
	return nil
}

// show writes a line for each row.
func show(results report.Results) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "row\ton its SDK\ton metertree\tratio")
	for _, row := range slices.Sorted(maps.Keys(results[rivals.NameAPIOnSDK])) {
		sdk, _ := results.Median(rivals.NameAPIOnSDK, row)
		own, _ := results.Median(rivals.NameAPIOnMetertree, row)
		ratio := "–"
		if sdk > 0 {
			ratio = fmt.Sprintf("%.2f", own/sdk)
		}
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%s\n", row, sdk, own, ratio)
	}
	return w.Flush()
}
