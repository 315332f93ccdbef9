package remotewrite

import (
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/metertree/metertree/integrations/internal/push"
)

// answer is what a receiver says, with what it confirms.
type answer struct {
	*push.Answer
	// confirms says that the receiver knows version 2: it tells how many samples
	// and histograms are written.
	confirms bool
	samples  int
}

func newAnswer(general *push.Answer) *answer {
	a := &answer{Answer: general}
	for _, name := range []string{"Samples", "Histograms", "Exemplars"} {
		n, err := strconv.Atoi(a.Header.Get("X-Prometheus-Remote-Write-" + name + "-Written"))
		if err != nil || n < 0 {
			continue
		}
		a.confirms = true
		if name != "Exemplars" {
			a.samples += min(n, math.MaxInt-a.samples)
		}
	}
	return a
}

// refusing are the statuses of the client's faults that do not tell of samples.
var refusing = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusProxyAuthRequired, http.StatusUnsupportedMediaType}

// judge adds what the protocol means by a status. What is wrong with the body of
// an answer does not matter: the headers have said it all.
func judge(a *push.Answer) error {
	switch {
	case a.Verdict == push.Accepted && a.IsPage():
		a.Verdict, a.Hint = push.Refused, "check that the address is the receiver's"
	case a.Verdict == push.Refused && a.IsForeign():
		if a.Hint == "" {
			a.Hint = "check that the address is the receiver's"
		}
	case a.Verdict == push.Refused && a.Code/100 == 4 && !slices.Contains(refusing, a.Code):
		a.Verdict = push.Invalid
	}
	return nil
}

// unsupported reports whether the receiver does not know the version of the
// protocol.
func (a *answer) unsupported() bool { return a.Code == http.StatusUnsupportedMediaType }
