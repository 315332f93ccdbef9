package observer

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
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
		{"build", buildRows}, {"process", processRows}, {"runtime", runtimeRows}, {"components", componentRows},
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

// row writes cells in columns. A tab or a line end within a cell becomes a space.
func row(t *tabwriter.Writer, cells ...string) {
	clean := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ")
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, clean.Replace(c))
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
	row(t, "uptime", (time.Duration(d.Process.UptimeSeconds) * time.Second).String())
}

func runtimeRows(t *tabwriter.Writer, d Document) {
	row(t, "goroutines", fmt.Sprint(d.Runtime.Goroutines))
	row(t, "gomaxprocs", fmt.Sprintf("%d of %d CPUs", d.Runtime.GoMaxProcs, d.Runtime.CPUs))
	row(t, "heap", mebibytes(d.Runtime.HeapBytes))
	row(t, "next gc at", mebibytes(d.Runtime.NextGCBytes))
	row(t, "memory", mebibytes(d.Runtime.MemoryBytes))
	row(t, "gc cycles", fmt.Sprint(d.Runtime.GCCycles))
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func componentRows(t *tabwriter.Writer, d Document) {
	if len(d.Components) == 0 {
		row(t, "none registered")
		return
	}
	row(t, "NAME", "HEALTH", "SINCE", "STATE", "LAST ERROR")
	for _, c := range d.Components {
		row(t, c.Name, string(c.Health), c.Since.Format(time.RFC3339), c.State, c.LastError)
	}
}
