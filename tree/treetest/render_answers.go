package treetest

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/tree"
)

// renderSignals writes golden signals as scripts expect them.
func renderSignals(s *tree.Signals) []string {
	var lines []string
	for _, one := range []struct {
		name   string
		signal *tree.Signal
	}{{"traffic", s.Traffic}, {"errors", s.Errors}, {"latency", s.Latency}, {"saturation", s.Saturation}} {
		if one.signal == nil {
			continue
		}
		fields := append([]string{fmt.Sprintf("%-10s", one.name)}, reading(one.signal.Reading)...)
		if one.signal.Ratio != nil {
			fields = append(fields, divided(*one.signal.Ratio))
		}
		fields = append(fields, "of "+strings.Join(one.signal.Parts, ", "))
		for _, w := range one.signal.Warnings {
			fields = append(fields, "warning: "+w)
		}
		if one.signal.Error != "" {
			fields = append(fields, "error: "+one.signal.Error)
		}
		lines = append(lines, strings.Join(fields, indent))
	}
	return lines
}

// renderExplained writes an explanation: the verdict and the change, the branches,
// and what remains.
func renderExplained(e *tree.Explained) []string {
	lines := []string{strings.Join([]string{string(e.Verdict), e.BeforeText + " → " + e.AfterText, e.ChangeText}, indent)}
	row := func(name string, p tree.ExplainedPart) {
		lines = append(lines, strings.Join([]string{indent + name, p.BeforeText + " → " + p.AfterText, "contributes " + p.ContributionText}, indent))
	}
	for _, b := range e.Branches {
		row(b.Selector, b.ExplainedPart)
	}
	row("remainder", e.Remainder)
	if len(e.LeftOut) > 0 {
		lines = append(lines, indent+"left out: "+strings.Join(e.LeftOut, ", "))
	}
	return lines
}
