package treetest

import (
	"fmt"
	"strings"
)

// mismatch tells in which lines an answer is not as expected.
func (s *script) mismatch(q *question, got expected) string {
	at := fmt.Sprintf("%s:%d: %s", s.file, q.line, q.text)
	switch {
	case !q.known:
		return at + ": nothing is expected: run the test with -update and read what it writes\n" + plain(got)
	case q.fails != got.fails || q.fails:
		return at + ": got\n" + plain(got) + "\nwant\n" + plain(q.expected)
	default:
		return at + ": - was expected, + was answered\n" + strings.Join(diff(q.tree, got.tree, q.from+2), "\n")
	}
}

func plain(e expected) string { return "\t" + strings.Join(e.lines(), "\n\t") }

// diff writes both lists as one, by their longest common part. first is the
// number of the first line wanted.
func diff(want, got []string, first int) (out []string) {
	// common[i][j] is the length of the longest common part of want[i:] and got[j:].
	common := make([][]int, len(want)+1)
	for i := range common {
		common[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			out = append(out, fmt.Sprintf("%5d   %s", first+i, want[i]))
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			out = append(out, fmt.Sprintf("%5d - %s", first+i, want[i]))
			i++
		default:
			out = append(out, fmt.Sprintf("%5s + %s", "", got[j]))
			j++
		}
	}
	return out
}
