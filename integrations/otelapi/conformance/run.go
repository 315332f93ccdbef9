package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Difference is a check that a provider is known to fail.
type Difference struct {
	// Check is its name.
	Check string
	// Reason says what the provider does instead, and why.
	Reason string
}

// Checks returns the name of each check with the rule that it holds providers to,
// in the order in which they run.
func Checks() [][2]string {
	var list [][2]string
	for _, c := range checks() {
		list = append(list, [2]string{c.name, c.rule})
	}
	return list
}

// Run runs every check on a backend of its own. A check that is among the
// differences must fail.
func Run(t *testing.T, factory Factory, differences ...Difference) {
	t.Helper()
	all := checks()
	for _, d := range differences {
		if !slices.ContainsFunc(all, func(c check) bool { return c.name == d.Check }) {
			t.Errorf("there is no check %q that could differ", d.Check)
		}
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			at := slices.IndexFunc(differences, func(d Difference) bool { return d.Check == c.name })
			failures := c.failures(factory(t, c.config), at >= 0)
			switch {
			case at < 0 && len(failures) > 0:
				t.Errorf("%s\n%s", c.rule, strings.Join(failures, "\n"))
			case at >= 0 && len(failures) == 0:
				t.Errorf("the difference is gone (%s): take it off the list", differences[at].Reason)
			case at >= 0:
				t.Logf("differs (%s):\n%s", differences[at].Reason, strings.Join(failures, "\n"))
			}
		})
	}
}

// check holds a provider to one rule.
type check struct {
	name, rule string
	config     Config
	run        func(*probe)
}

// checks returns all checks.
func checks() []check {
	return slices.Concat(identityChecks(), recordChecks(), attributeChecks(), limitChecks(), callbackChecks(), extensionChecks())
}

// A check that has not ended by then hangs. One that is known to fail may be given
// up sooner, since that is what is expected of it.
const (
	patience       = time.Minute
	littlePatience = time.Second
)

// failures runs the check and returns what it found.
func (c check) failures(b Backend, expected bool) []string {
	p := &probe{Backend: b, ctx: context.Background()}
	done := make(chan []string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- []string{fmt.Sprintf("panic: %v", v)}
			}
		}()
		c.run(p)
		done <- p.found
	}()
	wait := patience
	if expected {
		wait = littlePatience
	}
	select {
	case found := <-done:
		return found
	case <-time.After(wait):
		return []string{fmt.Sprintf("it hangs: it has not returned within %s", wait)}
	}
}

// probe is what a check works with. It belongs to the check's goroutine.
type probe struct {
	Backend
	ctx   context.Context
	found []string
}

func (p *probe) failf(format string, args ...any) {
	p.found = append(p.found, fmt.Sprintf(format, args...))
}

// meter returns the meter that most checks use.
func (p *probe) meter() metric.Meter { return p.Provider.Meter("conformance") }

// collect returns all points, and fails if that is an error.
func (p *probe) collect() points {
	all, err := p.Collect(p.ctx)
	if err != nil {
		p.failf("collecting: %v", err)
	}
	return all
}

// expect fails unless an instrument's values, sorted, are the given ones.
func (p *probe) expect(name string, want ...float64) {
	if got := p.collect().named(name).values(); !slices.Equal(got, want) {
		p.failf("%s has the values %v, want %v", name, got, want)
	}
}

// reported fails unless something was reported since before.
func (p *probe) reported(before int, what string) {
	if p.Reported != nil && p.Reported() == before {
		p.failf("%s was not reported", what)
	}
}

func (p *probe) reports() int {
	if p.Reported == nil {
		return 0
	}
	return p.Reported()
}

// must returns an instrument, and fails if that is an error.
func must[I any](p *probe) func(I, error) I {
	return func(i I, err error) I {
		if err != nil {
			p.failf("making an instrument: %v", err)
		}
		return i
	}
}
