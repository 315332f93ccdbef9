package check

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File string `json:"file"`
	// Line counts from 1; 0 is a mistake of the file as a whole.
	Line int `json:"line,omitempty"`
	// Where is the way to it, as in scrape_configs[2].scrape_timeout.
	Where string `json:"where,omitempty"`
	// Value is what stands there, unless it may be a secret.
	Value string `json:"value,omitempty"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Remedy says what to do.
	Remedy string `json:"remedy"`
}

// String is the problem as compilers print theirs: file:line: what, where, remedy.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Where != "" {
		b.WriteString(p.Where)
		if p.Value != "" && !strings.Contains(p.Message, strconv.Quote(p.Value)) {
			fmt.Fprintf(&b, " %q", p.Value)
		}
		b.WriteString(": ")
	}
	b.WriteString(p.Message + ": " + p.Remedy)
	return b.String()
}

// maxProblems bounds what is told of one file. One more says that there are more.
const (
	maxProblems   = 100
	tooMany       = "there are more problems"
	tooManyRemedy = "correct these, and check again"
)

// sortByLine puts problems in the order of the file, and those of the file as a
// whole last.
func sortByLine(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if a.Line == 0 || b.Line == 0 {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
}

// remedy answers a message that an expression matches.
type remedy struct {
	message *regexp.Regexp
	remedy  string
}

// remedyFor is the remedy of the first that matches, or the general one.
func remedyFor(message string, known []remedy, general string) string {
	for _, r := range known {
		if r.message.MatchString(message) {
			return r.remedy
		}
	}
	return general
}

// flat makes one line of a text.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }
