package serve

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// patient is a node in some state.
type patient struct {
	stopping, restartHelps bool
	fault                  error
}

func (p patient) Ready() bool         { return !p.stopping }
func (p patient) StorageFault() error { return p.fault }
func (p patient) RestartHelps() bool  { return p.restartHelps }

func TestProbes(t *testing.T) {
	torn := errors.New("the log is torn")
	for _, test := range []struct {
		name           string
		state          patient
		healthy, ready int
	}{
		{"well", patient{}, http.StatusOK, http.StatusOK},
		{"stopping", patient{stopping: true}, http.StatusOK, http.StatusServiceUnavailable},
		{"torn on a full disk", patient{fault: torn}, http.StatusOK, http.StatusServiceUnavailable},
		{"torn", patient{fault: torn, restartHelps: true}, http.StatusServiceUnavailable, http.StatusServiceUnavailable},
	} {
		for probe, want := range map[string]int{"healthy": test.healthy, "ready": test.ready} {
			handler := map[string]func(vitals) http.HandlerFunc{"healthy": healthy, "ready": ready}[probe]
			recorder := httptest.NewRecorder()
			handler(test.state)(recorder, nil)
			said := strings.Contains(recorder.Body.String(), torn.Error())
			if recorder.Code != want || test.state.fault != nil && said != (want != http.StatusOK) {
				t.Errorf("%s: %s is answered %d %q, want %d", test.name, probe, recorder.Code, recorder.Body, want)
			}
		}
	}
}
