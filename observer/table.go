package observer

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/metertree/metertree/internal/answer"
)

// writeText writes a section, or with an empty name all of them, as aligned
// columns.
func writeText(w io.Writer, section string, d Document) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if section == "" {
		row(t, "service", d.Service)
		row(t, "health", string(d.Health))
	}
	parts := []struct {
		name  string
		write func(*tabwriter.Writer, Document)
	}{
		{"components", componentRows}, {"process", processRows}, {"runtime", runtimeRows}, {"build", buildRows},
	}
	for _, p := range parts {
		if section != "" && section != p.name {
			continue
		}
		if section == "" {
			fmt.Fprintf(t, "\n%s\n", strings.ToUpper(p.name))
		}
		p.write(t, d)
	}
	return t.Flush()
}

// row writes cells in columns, each on one line and without what a terminal would
// obey.
func row(t *tabwriter.Writer, cells ...string) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, answer.OneLine(c))
	}
	fmt.Fprint(t, "\n")
}

func buildRows(t *tabwriter.Writer, d Document) {
	row(t, "path", d.Build.Path)
	row(t, "version", d.Build.Version)
	row(t, "go", d.Build.GoVersion)
	if d.Build.Revision != "" {
		revision := d.Build.Revision
		if d.Build.Modified {
			revision += " (modified)"
		}
		row(t, "revision", revision)
	}
}

func processRows(t *tabwriter.Writer, d Document) {
	row(t, "program", d.Process.Program)
	row(t, "pid", fmt.Sprint(d.Process.PID))
	row(t, "host", d.Process.Host)
	row(t, "system", d.Process.System)
	row(t, "started", d.Process.StartedAt.Format(time.RFC3339))
	row(t, "uptime", d.Process.uptime())
}

func runtimeRows(t *tabwriter.Writer, d Document) {
	row(t, "goroutines", fmt.Sprint(d.Runtime.Goroutines))
	row(t, "gomaxprocs", fmt.Sprintf("%d of %d CPUs", d.Runtime.GoMaxProcs, d.Runtime.CPUs))
	row(t, "heap", mebibytes(d.Runtime.HeapBytes))
	row(t, "next gc at", mebibytes(d.Runtime.NextGCBytes))
	row(t, "memory", mebibytes(d.Runtime.MemoryBytes)+limitOf(d.Runtime))
	row(t, "gc cycles", fmt.Sprint(d.Runtime.GCCycles))
}

// limitOf tells the memory limit, if there is one.
func limitOf(r Runtime) string {
	if r.MemoryLimitBytes == 0 || r.MemoryLimitBytes >= math.MaxInt64 {
		return ""
	}
	return " of " + mebibytes(r.MemoryLimitBytes)
}

func (p Process) uptime() string {
	return span(time.Duration(p.UptimeSeconds * float64(time.Second)))
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func componentRows(t *tabwriter.Writer, d Document) {
	if len(d.Components) == 0 {
		row(t, "none registered")
		return
	}
	row(t, "NAME", "HEALTH", "SINCE", "CHECKED", "STATE", "LAST ERROR")
	for _, c := range d.Components {
		lastError := c.LastError
		if lastError != "" {
			lastError += " (" + ago(c.LastErrorAt, d.At) + ")"
		}
		row(t, c.Name, string(c.Health), ago(&c.Since, d.At), ago(c.CheckedAt, d.At), cmp.Or(c.State, "-"), cmp.Or(lastError, "-"))
	}
}

// writeReport writes what is known of one component, one thing a line.
func writeReport(w io.Writer, r Report, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row(t, "component", r.Name)
	row(t, "health", string(r.Health))
	row(t, "since", moment(&r.Since, now))
	row(t, "state", cmp.Or(r.State, "-"))
	row(t, "checked", moment(r.CheckedAt, now))
	if r.UnansweredSince != nil {
		row(t, "unanswered since", moment(r.UnansweredSince, now))
	}
	row(t, "last error", cmp.Or(r.LastError, "none"))
	if r.LastError != "" {
		row(t, "first seen", moment(r.LastErrorSince, now))
		row(t, "last seen", moment(r.LastErrorAt, now))
	}
	return t.Flush()
}

func writeError(w io.Writer, err error) error {
	_, written := fmt.Fprintln(w, answer.OneLine(err.Error()))
	return written
}

// ago tells how long something is past.
func ago(t *time.Time, now time.Time) string {
	switch {
	case t == nil:
		return "never"
	case now.Sub(*t) < time.Second:
		return "just now"
	}
	return span(now.Sub(*t)) + " ago"
}

func moment(t *time.Time, now time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.RFC3339) + " (" + ago(t, now) + ")"
}
