package metertest

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// TB is the part of testing.TB that is used.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	// Fatalf ends the test. Where it returns nonetheless, the caller gets zeros.
	Fatalf(format string, args ...any)
}

// Options tune a registry for tests. The zero value is useful.
type Options struct {
	// Registry configures the registry.
	Registry registry.Options
	// AllowDropped lets a test pass in which updates were dropped or definitions
	// refused.
	AllowDropped bool
}

// Metrics are the metrics of one test. All methods but those of the scope belong
// into the goroutine of the test, because they may end it.
type Metrics struct {
	t        TB
	registry *registry.Registry
}

// New returns metrics of which there are none yet.
func New(t TB) *Metrics { return NewWith(t, Options{}) }

// NewWith is New with options.
func NewWith(t TB, options Options) *Metrics {
	m := Of(t, registry.New(options.Registry))
	if !options.AllowDropped {
		t.Cleanup(func() {
			t.Helper()
			m.reportDropped()
		})
	}
	return m
}

// Of reads the metrics of a registry that is there already.
func Of(t TB, r *registry.Registry) *Metrics { return &Metrics{t: t, registry: r} }

// Scope is the root scope, for the code under test.
func (m *Metrics) Scope() meter.Scope { return meter.New(m.registry) }

// Registry is what holds the metrics.
func (m *Metrics) Registry() *registry.Registry { return m.registry }

// reportDropped fails the test for what the registry counts about itself.
func (m *Metrics) reportDropped() {
	m.t.Helper()
	now := m.Read()
	for _, own := range []struct{ name, what string }{
		{"metertree_dropped_updates_total", "updates were dropped"},
		{"metertree_rejected_definitions_total", "definitions were refused"},
	} {
		f := now.families[own.name]
		if f == nil {
			continue
		}
		for _, s := range f.series {
			if s.value > 0 {
				m.t.Errorf("metertest: %v %s: %s: correct them, or set Options.AllowDropped", s.value, own.what, s.labelText())
			}
		}
	}
}

// Counter is the value of a counter, or the sum of those selected.
func (m *Metrics) Counter(name string, labels ...string) float64 {
	m.t.Helper()
	return m.Read().Counter(name, labels...)
}

// UpDownCounter is the value of an up-down counter, or the sum of those selected.
func (m *Metrics) UpDownCounter(name string, labels ...string) float64 {
	m.t.Helper()
	return m.Read().UpDownCounter(name, labels...)
}

// Gauge is the value of the only gauge that is selected.
func (m *Metrics) Gauge(name string, labels ...string) float64 {
	m.t.Helper()
	return m.Read().Gauge(name, labels...)
}

// Histogram is what a histogram observed, or all of those selected together.
func (m *Metrics) Histogram(name string, labels ...string) Histogram {
	m.t.Helper()
	return m.Read().Histogram(name, labels...)
}

// Absent fails the test if there are series of the metric with these labels. It
// need not be defined.
func (m *Metrics) Absent(name string, labels ...string) {
	m.t.Helper()
	m.Read().Absent(name, labels...)
}

// Exposition is everything in Prometheus' text format, without the registry's
// metrics about itself.
func (m *Metrics) Exposition() string {
	m.t.Helper()
	var b bytes.Buffer
	if _, err := prometheus.Write(context.Background(), &b, m.registry.Collect(context.Background())); err != nil {
		m.t.Fatalf("metertest: writing the exposition: %v", err)
		return ""
	}
	var own strings.Builder
	for line := range strings.Lines(b.String()) {
		if name := lineName(line); !strings.HasPrefix(name, "metertree_") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// Read returns what the metrics are now, for several questions about one moment.
func (m *Metrics) Read() *Readings {
	m.t.Helper()
	return read(m.t, m.registry)
}

// Delta runs a function and returns what it changed: what was counted and observed
// while it ran, and of gauges and up-down counters how far they went up. Of a metric
// that is defined, what was not touched changed by 0.
func (m *Metrics) Delta(run func()) *Readings {
	m.t.Helper()
	before := m.Read()
	run()
	return m.Read().since(before)
}

// pairs reads the labels of a question.
func pairs(labels []string) (map[string]string, error) {
	if len(labels)%2 != 0 {
		return nil, fmt.Errorf("labels %q are not pairs of a name and a value: add what is missing", labels)
	}
	wanted := make(map[string]string, len(labels)/2)
	for i := 0; i < len(labels); i += 2 {
		if _, twice := wanted[labels[i]]; twice {
			return nil, fmt.Errorf("label %q is given twice: give it once", labels[i])
		}
		wanted[labels[i]] = labels[i+1]
	}
	return wanted, nil
}
