package remotewrite

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/metertree/metertree/integrations/internal/push"
)

// FuzzAnswer holds that whatever a receiver confirms, it has written no fewer
// samples than none, and as many as it says.
func FuzzAnswer(f *testing.F) {
	f.Add(204, "3", "2", "1", "text/plain", "")
	f.Add(200, "9223372036854775807", "9223372036854775807", "", "text/html", "<")
	f.Add(400, "-1", "x", "18446744073709551616", "", "")
	f.Fuzz(func(t *testing.T, code int, samples, histograms, exemplars, media, body string) {
		header := http.Header{}
		header.Set("X-Prometheus-Remote-Write-Samples-Written", samples)
		header.Set("X-Prometheus-Remote-Write-Histograms-Written", histograms)
		header.Set("X-Prometheus-Remote-Write-Exemplars-Written", exemplars)
		general := &push.Answer{Verdict: push.Refused, Code: code, Media: media, Body: []byte(body), Header: header}
		if code/100 == 2 {
			general.Verdict = push.Accepted
		}
		a := newAnswer(general)
		if a.samples < 0 || a.samples > 0 && !a.confirms {
			t.Fatalf("%q and %q: %d samples written, confirmed: %v", samples, histograms, a.samples, a.confirms)
		}
		one, errOne := strconv.ParseUint(samples, 10, 31)
		two, errTwo := strconv.ParseUint(histograms, 10, 31)
		if errOne == nil && errTwo == nil && a.samples != int(one+two) {
			t.Fatalf("%q and %q: %d samples written", samples, histograms, a.samples)
		}
		if err := judge(general); err != nil || general.Verdict == push.Accepted && general.IsPage() {
			t.Fatalf("%d with a page is accepted, error %v", code, err)
		}
	})
}
