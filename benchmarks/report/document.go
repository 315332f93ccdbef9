package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Document is everything that docs/benchmarks.md says.
type Document struct {
	Run     Run
	Results Results
	Sizes   Sizes
	// Method says in a sentence how often was measured, and how long.
	Method string
	// Rows chooses what of the tables is shown; nil is everything.
	Rows *regexp.Regexp
}

const method = `Libraries take turns within every round, so that what else the machine does
reaches all of them alike. A cell is the median of all rounds, with the least
figure in brackets; ratios are of medians. Where the two lie far apart, the
machine was busy with other work, and the row is better measured again.

A run of updates is cut into chunks of about 30 microseconds, of which the
median counts: a chunk in which the system gave the core to others is long and
rare. What the garbage collector does for a library therefore shows in its
allocations, not in its nanoseconds. In rows of all cores, GOMAXPROCS
goroutines, each on a core of its own, begin every chunk together, and the time
is divided by the updates of all of them.

Memory, creation, latency, exposition, growth, scrapes and reductions are each
measured in a fresh process.
Latency is that of every single update, the clock's cost included; its quantiles
are of windows of 25 milliseconds, of which again the median counts. After every
measurement the library is asked what it counted; a lost update fails the run.

Every library has the same three labels (operation, status, shard) with the
same values, and the same 12 buckets; VictoriaMetrics chooses its buckets
itself. Direct rows go round 16 label sets; histogram rows go round 1,024
values that spread over all buckets. OpenTelemetry's bound rows use an attribute
set prepared once, its exemplars are off and its limit on series is lifted.
HashiCorp's go-metrics binds no series and has no buckets.

A scrape is from a request to the last byte of its answer, on the loopback
interface; another process asks, and discards what it reads. One answer is
parsed first, and the others must be as long. During that one, which comes after
two garbage collections that also empty pools, the heap of the process that
answers is sampled every half millisecond: the greatest size of its objects
above the first, dead ones included that were not collected yet, at the default
GOGC of 100. VictoriaMetrics does not compress.

A reduction exports 100 series of the counters, by two of their three labels;
every counter has one update between two collections, which for deltas are
acknowledged. OpenTelemetry does it by a view.

An export by OTLP is uncompressed, to a double on the loopback interface that
discards what it reads, in the same process, whose allocations count for both. Each
library sends as it does by itself: OpenTelemetry all series in one request,
metertree in requests of about a mebibyte.

A request through a middleware is counted, its duration and both sizes are
observed in buckets that are the same for each library, and those in flight are
counted; the handler writes two bytes to a writer that discards them. Of
client_golang it is the chain of its five InstrumentHandler functions.
`

// Write writes the document in Markdown.
func (d Document) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nThis file is written by `make bench`; do not edit it.\n\n")
	d.writeRun(&b)
	fmt.Fprintf(&b, "\n## How it is measured\n\n%s\n\n%s\n", d.Method, method)
	if err := d.WriteTables(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Document) writeRun(b *strings.Builder) {
	r := d.Run
	fmt.Fprintf(b, "- Machine: %s, %d cores, GOMAXPROCS=%d, %s", r.CPU, r.Cores, r.GOMAXPROCS, r.Platform)
	if r.Load != "" {
		fmt.Fprintf(b, "; load average before the run %s", r.Load)
	}
	fmt.Fprintf(b, "\n- Go: %s\n- Date: %s\n- Libraries:\n", r.Go, r.Date.UTC().Format("2006-01-02"))
	for _, module := range r.Modules {
		fmt.Fprintf(b, "  - %s\n", module)
	}
	b.WriteString("\nCommands, from the root of the repository:\n\n")
	for _, command := range r.Commands {
		fmt.Fprintf(b, "    %s\n", command)
	}
}

// WriteTables writes the sections and what of the targets is not reached.
func (d Document) WriteTables(b *strings.Builder) error {
	targets, portable := d.chosen(Targets(d.Sizes)), d.chosen(PortableTargets())
	for _, s := range Sections(d.Sizes) {
		s.Rows = slices.DeleteFunc(s.Rows, d.leavesOut)
		if len(s.Rows) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n## %s\n\n", s.Title)
		if err := d.Results.Table(s, targets).Write(b); err != nil {
			return err
		}
		writeUnlike(b, s)
	}
	if len(portable) > 0 {
		fmt.Fprint(b, "\n## Portable build (`-tags metertree_portable`)\n\n")
		if err := d.Results.PortableTable(portable).Write(b); err != nil {
			return err
		}
	}
	d.writeMissed(b, append(targets, portable...))
	return nil
}

func (d Document) leavesOut(row work.Row) bool {
	return d.Rows != nil && !d.Rows.MatchString(string(row))
}

// chosen returns the targets of rows that are shown.
func (d Document) chosen(targets []Target) []Target {
	return slices.DeleteFunc(targets, func(t Target) bool { return d.leavesOut(t.Row) })
}

// writeUnlike explains the figures that were marked.
func writeUnlike(b *strings.Builder, s Section) {
	said := map[string]bool{}
	for _, rival := range rivals.All() {
		for _, row := range s.Rows {
			reason := rival.Unlike[row]
			if reason == "" || said[rival.Name+reason] {
				continue
			}
			said[rival.Name+reason] = true
			fmt.Fprintf(b, "\n\\* %s does less here: %s. It is not taken for the best rival.\n", rival.Name, reason)
		}
	}
}

func (d Document) writeMissed(b *strings.Builder, targets []Target) {
	b.WriteString("\n## Targets not reached\n\n")
	missed := 0
	for _, t := range targets {
		v, verdict := t.Judge(d.Results)
		if verdict == Reached {
			continue
		}
		missed++
		fmt.Fprintf(b, "- %s, %s: ", t.Library, t.Row)
		if verdict == NoFigure {
			fmt.Fprintf(b, "there is no figure to hold against %s.", t)
		} else {
			fmt.Fprintf(b, "%s, target %s.", work.Figure(v), t)
		}
		if t.Reason != "" {
			b.WriteString(" " + t.Reason)
		}
		b.WriteString("\n")
	}
	if missed == 0 {
		b.WriteString("None.\n")
	}
}
