package push

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/metric"
)

// Limits bound what one request may hold, and say what of it is shown.
type Limits struct {
	// Promote are the attributes of OpenTelemetry resources that become labels,
	// besides the service's name and instance.
	Promote []string
	// Points is how many points a request may have.
	Points int
	// Labels is how many labels, resource attributes among them, a stream may
	// have; Name and Value are how long each may be, in bytes.
	Labels, Name, Value int
	// Buckets is how many buckets a histogram may have, for each sign.
	Buckets int
}

// DefaultLimits are generous for programs and tight for attacks.
var DefaultLimits = Limits{Points: 100_000, Labels: 64, Name: 256, Value: 4096, Buckets: 1024}

// messagesPerPoint is how many messages a point may bring with it on average:
// its attributes, its exemplars and their attributes.
const messagesPerPoint = 24

func (l Limits) points(n int) error {
	if n > l.Points {
		return fmt.Errorf("%w: more than %d points in one request: send smaller batches or raise --gateway.max-points", ErrTooLarge, l.Points)
	}
	return nil
}

// check reports the first label that is beyond the limits, or not a label.
func (l Limits) check(name string, labels []metric.Label) (Refusal, bool) {
	if len(labels) > l.Labels {
		return Refusal{name, TooLong, fmt.Sprintf("%d labels, at most %d are taken: drop some", len(labels), l.Labels)}, false
	}
	for i, label := range labels {
		switch {
		case len(label.Name) > l.Name:
			return Refusal{name, TooLong, fmt.Sprintf("label name %.40q… has %d bytes, at most %d are taken: shorten it", label.Name, len(label.Name), l.Name)}, false
		case len(label.Value) > l.Value:
			return Refusal{name, TooLong, fmt.Sprintf("the value of label %q has %d bytes, at most %d are taken: shorten it", label.Name, len(label.Value), l.Value)}, false
		case !utf8.ValidString(label.Value):
			return Refusal{name, BadName, fmt.Sprintf("the value %.40q of label %q is not UTF-8: encode it", label.Value, label.Name)}, false
		case i > 0 && labels[i-1].Name == label.Name:
			return Refusal{name, BadName, fmt.Sprintf("label %q is given twice: give it once", label.Name)}, false
		}
		if err := metric.ValidateLabelName(label.Name); err != nil {
			return Refusal{name, BadName, err.Error()}, false
		}
	}
	return Refusal{}, true
}

// help returns a help text that can be shown, or none.
func (l Limits) help(text string) string {
	if len(text) > l.Value {
		return ""
	}
	return strings.ToValidUTF8(text, "?")
}
