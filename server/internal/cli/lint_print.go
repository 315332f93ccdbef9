package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/server/internal/inspect"
)

// lintReport is what the command prints.
type lintReport struct {
	Target string `json:"target"`
	inspect.Lint
	UnusedWaivers []waiver `json:"unused_waivers"`
}

// print writes a line for each finding, and how many there are. On a terminal the
// lines are wrapped.
func (r lintReport) print(w io.Writer) error {
	out := bufio.NewWriter(w)
	style, total := plainStyle, textWidth(w)
	if wantsColour(w) {
		style = colourStyle
	}
	r.write(out, style, total)
	return out.Flush()
}

func (r lintReport) write(out io.Writer, style treeStyle, total int) {
	say := func(text string) { fmt.Fprintln(out, wrap(printable(text), total, "    ")) }
	for _, f := range r.Findings {
		text := wrap(printable(fmt.Sprintf("%s %s: %s (%s)", f.Metric, f.Severity, f.Message, f.Rule)), total, "    ")
		name, rest, _ := strings.Cut(text, " ")
		fmt.Fprintf(out, "%s%s%s %s\n", style.scope, name, style.reset, rest)
	}
	for _, unused := range r.UnusedWaivers {
		say(fmt.Sprintf("waiver of rule %s for %s is not used: take it out (its reason was: %s)", unused.Rule, unused.Metric, unused.Reason))
	}
	if r.Uncompared > 0 {
		say(fmt.Sprintf("%s not compared with the others, because there are too many: lint a part at a time", counted(r.Uncompared, "metric was", "metrics were")))
	}
	fmt.Fprint(out, style.faint)
	say(fmt.Sprintf("%s: %s, %s", r.Target, counted(r.Metrics, "metric", "metrics"), r.tally()))
	fmt.Fprint(out, style.reset)
}

// tally counts the findings by severity.
func (r lintReport) tally() string {
	if len(r.Findings) == 0 {
		return "no findings"
	}
	var parts []string
	for _, severity := range []naming.Severity{naming.Error, naming.Warning, naming.Advice} {
		if n := r.atLeast(severity) - r.atLeast(severity+1); n > 0 {
			many := severity.String()
			if severity != naming.Advice {
				many += "s"
			}
			parts = append(parts, counted(n, severity.String(), many))
		}
	}
	return counted(len(r.Findings), "finding", "findings") + " (" + strings.Join(parts, ", ") + ")"
}

func (r lintReport) atLeast(severity naming.Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity >= severity {
			n++
		}
	}
	return n
}

// verdict is an error if a finding is severe enough.
func (r lintReport) verdict(severity naming.Severity) error {
	n := r.atLeast(severity)
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s of severity %s or above: change the metrics, or waive them with --waivers", r.Target, counted(n, "finding", "findings"), severity)
}

// printRules writes a line for each rule.
func (c *LintCmd) printRules(w io.Writer) error {
	if c.JSON {
		type rule struct {
			ID       string          `json:"id"`
			Severity naming.Severity `json:"severity"`
			Summary  string          `json:"summary"`
		}
		var list []rule
		for _, r := range naming.Rules() {
			list = append(list, rule{r.ID, r.Severity, r.Summary})
		}
		return writeJSON(w, list)
	}
	out := bufio.NewWriter(w)
	total := textWidth(w)
	for _, r := range naming.Rules() {
		fmt.Fprintln(out, wrap(fmt.Sprintf("%s %s: %s", r.ID, r.Severity, r.Summary), total, "    "))
	}
	return out.Flush()
}
