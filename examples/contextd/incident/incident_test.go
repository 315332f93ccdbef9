package incident

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// diary remembers what began and ended when, in seconds since it was made.
type diary struct {
	start time.Time
	lines []string
}

func newDiary() *diary { return &diary{start: time.Now()} }

func (d *diary) note(what string) {
	d.lines = append(d.lines, fmt.Sprintf("%v %s", time.Since(d.start), what))
}

func (d *diary) incident(kind string) Incident {
	return Incident{Kind: kind, Begin: func(n int) (string, func(), error) {
		d.note(fmt.Sprintf("%s %d begins", kind, n))
		return "it happens", func() { d.note(fmt.Sprintf("%s %d ends", kind, n)) }, nil
	}}
}

func runFor(t *testing.T, d time.Duration, config Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return Run(ctx, config)
}

func TestIncidentsAlternateOnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		var log bytes.Buffer
		err := runFor(t, 300*time.Second, Config{
			Schedule:  DefaultSchedule(),
			Incidents: []Incident{d.incident("a"), d.incident("b")},
			Logger:    slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"20s a 0 begins", "1m0s a 0 ends",
			"1m50s b 0 begins", "2m30s b 0 ends",
			"3m20s a 1 begins", "4m0s a 1 ends",
			"4m50s b 1 begins", "5m0s b 1 ends", // cut short by the end
		}
		if !slices.Equal(d.lines, want) {
			t.Errorf("what happened:\n%s\nwant:\n%s", strings.Join(d.lines, "\n"), strings.Join(want, "\n"))
		}
		if starts := strings.Count(log.String(), "incident starts"); starts != 4 {
			t.Errorf("%d starts were logged, want 4:\n%s", starts, log.String())
		}
	})
}

func TestIncidentsAreMetered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := registry.New(registry.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Config{
				Schedule:  Schedule{First: time.Second, Every: 10 * time.Second, Lasting: 5 * time.Second},
				Incidents: []Incident{newDiary().incident("a"), newDiary().incident("b")},
				Scope:     meter.New(reg).Scope("contextd"),
			})
		}()
		for _, step := range []struct {
			at   time.Duration
			a, b float64
		}{{0, 0, 0}, {2 * time.Second, 1, 0}, {5 * time.Second, 0, 0}, {5 * time.Second, 0, 1}, {5 * time.Second, 0, 0}} {
			time.Sleep(step.at)
			synctest.Wait()
			got := active(t, reg)
			if got["a"] != step.a || got["b"] != step.b || len(got) != 2 {
				t.Errorf("active %v; want a=%v b=%v", got, step.a, step.b)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// active is the gauge by kind.
func active(t *testing.T, reg *registry.Registry) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for family := range reg.Collect(t.Context()) {
		if family.Descriptor.Name != "contextd_incident_active" {
			continue
		}
		for point := range family.Points {
			kind := strings.TrimSuffix(strings.TrimPrefix(point.Labels.String(), `kind="`), `"`)
			values[kind] = point.Float
		}
	}
	return values
}

func TestNoIncidents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary()
		for _, config := range []Config{{Incidents: []Incident{d.incident("a")}}, {Schedule: DefaultSchedule()}} {
			began := time.Now()
			if err := runFor(t, time.Hour, config); err != nil || time.Since(began) != time.Hour {
				t.Errorf("Run ended after %v with %v; want after 1h", time.Since(began), err)
			}
		}
		if len(d.lines) != 0 {
			t.Errorf("without a schedule there was %v", d.lines)
		}
	})
}

func TestIncidentThatCannotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		err := runFor(t, time.Hour, Config{
			Schedule:  DefaultSchedule(),
			Incidents: []Incident{{Kind: "a", Begin: func(int) (string, func(), error) { return "", nil, broken }}},
		})
		if !errors.Is(err, broken) {
			t.Errorf("Run ended with %v; want %v", err, broken)
		}
	})
}

func TestParseSchedule(t *testing.T) {
	for _, text := range []string{"20s/1m30s/40s", "0s/2s/1s", "off"} {
		s, err := ParseSchedule(text)
		if err != nil || s.String() != text {
			t.Errorf("%q was read as %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "on", "20s", "20s/90s", "20s/90s/40s/1s", "20/90/40", "-1s/90s/40s", "20s/40s/40s", "20s/90s/0s"} {
		if s, err := ParseSchedule(text); err == nil {
			t.Errorf("%q was read as %s", text, s)
		}
	}
}

func TestRunRefusesABadSchedule(t *testing.T) {
	if err := Run(t.Context(), Config{Schedule: Schedule{Every: time.Second, Lasting: time.Minute}}); err == nil {
		t.Error("incidents longer than their period were accepted")
	}
}

type target struct{ did []string }

func (t *target) FailShard(shard int) (func(), error) {
	t.did = append(t.did, fmt.Sprintf("shard %d fails", shard))
	return func() { t.did = append(t.did, "restored") }, nil
}

func (t *target) Multiply(account string, factor float64) (func(), error) {
	t.did = append(t.did, fmt.Sprintf("%s times %v", account, factor))
	return func() { t.did = append(t.did, "restored") }, nil
}

func TestKinds(t *testing.T) {
	var on target
	for _, i := range []Incident{ShardFailure(&on, 4), TenantFlood(&on, "one", "two")} {
		for n := range 3 {
			what, end, err := i.Begin(n)
			if err != nil || !strings.Contains(what, "look at contextd_") {
				t.Errorf("%s: %q, %v; want a hint where to look", i.Kind, what, err)
			}
			end()
		}
	}
	want := []string{
		"shard 2 fails", "restored", "shard 3 fails", "restored", "shard 0 fails", "restored",
		"one times 15", "restored", "two times 15", "restored", "one times 15", "restored",
	}
	if !slices.Equal(on.did, want) {
		t.Errorf("did %q, want %q", on.did, want)
	}
}
