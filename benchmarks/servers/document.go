package servers

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/metertree/metertree/benchmarks/report"
)

// Document is everything that docs/benchmarks-server.md says.
type Document struct {
	Run     report.Run
	Plan    Plan
	Servers []Server
	Cores   Cores
	Results report.Results
	// Took is how long the measurements took.
	Took time.Duration
}

const method = `Every server is alone on the machine while it is measured, begins with an empty
storage, and runs with what it does by itself; metertree does not scrape itself,
and VictoriaMetrics is told not to log every scrape that fails. Servers take
turns within every round, and every round begins with another.
A cell is the median of all rounds, with the best figure in brackets where there
are several; ratios are metertree's median divided by the rival's. Where a
greater figure is better, so is a greater ratio.

After every run the server is asked how many samples it holds of each name: one
that it took and has not fails the run. A scrape counts once it is stored whole;
one that the server gave up waiting for, which it tells by its metric up, does
not.

CPU time is that of the process in all its threads, in its own code and in the
system's. While scraping it is read at both ends of the window in which scrapes
are counted. For what is pushed it is that from the time the server is ready to
its end, so that work put off counts too, less what asking it took. Memory is
what the system counts as resident, pages of mapped files included.
`

// Write writes the document in Markdown.
func (d Document) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Benchmarks of the server\n\nThis file is written by `make bench-server`; do not edit it.\n\n")
	d.writeRun(&b)
	fmt.Fprintf(&b, "\n## How it is measured\n\n%s\n%s\n", d.machine(), method)
	if err := d.WriteTables(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Document) writeRun(b *strings.Builder) {
	r := d.Run
	fmt.Fprintf(b, "- Machine: %s, %d cores, %s", r.CPU, r.Cores, r.Platform)
	if r.Load != "" {
		fmt.Fprintf(b, "; load average before the run %s", r.Load)
	}
	fmt.Fprintf(b, "\n- Go: %s\n- Date: %s, in %v\n- Servers:\n", r.Go, r.Date.UTC().Format(time.DateOnly), d.Took.Round(time.Second))
	for _, s := range d.Servers {
		fmt.Fprintf(b, "  - %s: %s\n", s.Name, s.Version)
	}
	b.WriteString("\nCommands, from the root of the repository:\n\n")
	for _, command := range r.Commands {
		fmt.Fprintf(b, "    %s\n", command)
	}
}

// machine says who runs where.
func (d Document) machine() string {
	rounds := fmt.Sprintf("Scrapes and pushes are measured in %d rounds.", d.Plan.Rounds)
	if !d.Cores.Divided() {
		return rounds + " The load and the servers share all cores.\n"
	}
	return rounds + ` While they last, the load has one core and the server
another, so that neither takes from the other, and figures are what one core
does; the servers set GOMAXPROCS by themselves from that. For queries and cold
starts a server has all cores, and who asks keeps to one.
`
}

// WriteTables writes the sections.
func (d Document) WriteTables(b *strings.Builder) error {
	for _, s := range Sections(d.Plan) {
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n", s.Title, s.Meaning)
		if err := table(s, d.Servers, d.Results).Write(b); err != nil {
			return err
		}
		for i, line := range verdicts(s, d.Servers, d.Results) {
			if i == 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(b, "- %s\n", line)
		}
	}
	return nil
}
