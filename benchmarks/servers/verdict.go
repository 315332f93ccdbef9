package servers

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/benchmarks/report"
	"github.com/metertree/metertree/benchmarks/work"
)

// alike is how far apart two figures may be to count as equal: measurements
// differ by as much from run to run.
const alike = 1.1

// verdicts are sentences on a section: who is best in each judged row or, where
// these are many, in how many each is ahead; and why those are who are ahead of
// us in one.
func verdicts(s Section, all []Server, r report.Results) (lines []string) {
	const many = 4
	ahead := map[string]int{}
	for _, row := range s.Judged {
		line, better := verdict(row, all, r)
		if line != "" && len(s.Judged) <= many {
			lines = append(lines, line)
		}
		for _, name := range better {
			ahead[name]++
		}
	}
	if len(s.Judged) > many {
		lines = tallies(s.Judged, all, r)
	}
	for _, server := range all {
		if reason := s.Reasons[server.Name]; reason != "" && ahead[server.Name] > 0 {
			lines = append(lines, fmt.Sprintf("Where %s is ahead: %s", server.Name, reason))
		}
	}
	return lines
}

// tallies say of each rival in how many rows who is ahead.
func tallies(rows []work.Row, all []Server, r report.Results) (lines []string) {
	for _, s := range all {
		ours, theirs, both := 0, 0, 0
		for _, row := range rows {
			v, ok := ratio(r, s.Name, row)
			switch {
			case !ok || s.Name == Metertree:
			case isAhead(r, s.Name, row):
				theirs++
			case moreIsBetter(row) && v > alike || !moreIsBetter(row) && v < 1/alike:
				ours++
			default:
				both++
			}
		}
		if ours+theirs+both > 0 {
			lines = append(lines, fmt.Sprintf("Beside %s, metertree is ahead in %d of %d rows, behind in %d, and within %.0f %% in %d.",
				s.Name, ours, ours+theirs+both, theirs, (alike-1)*100, both))
		}
	}
	return lines
}

// verdict says who is best in a row, and returns those who are clearly ahead of
// us.
func verdict(row work.Row, all []Server, r report.Results) (line string, ahead []string) {
	best, rivals := "", 0
	for _, s := range all {
		v, ok := r.Median(s.Name, row)
		if !ok {
			continue
		}
		if held, _ := r.Median(best, row); best == "" || isBetter(row, v, held) {
			best = s.Name
		}
		if s.Name == Metertree {
			continue
		}
		rivals++
		if isAhead(r, s.Name, row) {
			ahead = append(ahead, s.Name)
		}
	}
	ours, ok := r.Median(Metertree, row)
	if !ok || rivals == 0 {
		return "", nil
	}
	held, _ := r.Median(best, row)
	line = fmt.Sprintf("%s: best is %s with %s", upper(string(row)), best, work.Figure(held))
	switch {
	case best == Metertree:
	case len(ahead) == 0:
		line += fmt.Sprintf("; metertree, with %s, is within %.0f %%", work.Figure(ours), (alike-1)*100)
	default:
		line += fmt.Sprintf("; metertree has %s, behind %s", work.Figure(ours), strings.Join(ahead, " and "))
	}
	return line + ".", ahead
}

func isBetter(row work.Row, a, b float64) bool {
	if moreIsBetter(row) {
		return a > b
	}
	return a < b
}

// isAhead says whether a rival's figure is better than ours by more than
// measurements differ.
func isAhead(r report.Results, rival string, row work.Row) bool {
	v, ok := ratio(r, rival, row)
	if moreIsBetter(row) {
		return ok && v < 1/alike
	}
	return ok && v > alike
}

// upper begins a sentence.
func upper(text string) string {
	return strings.ToUpper(text[:1]) + text[1:]
}
