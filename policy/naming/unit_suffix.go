package naming

import (
	"fmt"
	"strings"
)

// unitSuffix compares the declared unit with the end of the name.
func unitSuffix(_ *Linter, m Metric) []string {
	name, counter := strings.CutSuffix(m.Name, "_total")
	last := name[strings.LastIndexByte(name, '_')+1:]
	end := ""
	if counter {
		end = "_total"
	}
	switch {
	case m.Unit == "", name == m.Unit, strings.HasSuffix(name, "_"+m.Unit):
		return nil
	case isUnit(last) && !strings.HasSuffix(m.Unit, last):
		return []string{fmt.Sprintf("the name ends in %s but the declared unit is %s: make them the same", last, m.Unit)}
	}
	return []string{fmt.Sprintf("the name does not end in the declared unit %s: %s_%s%s", m.Unit, name, m.Unit, end)}
}
