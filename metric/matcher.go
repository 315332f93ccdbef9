package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Matcher selects the series whose label has one of the values; the empty value
// stands for a label that is not set.
type Matcher struct {
	Label string
	// Values are sorted, and hold each value once.
	Values []string
}

// Matches reports whether the value is one of those selected.
func (m Matcher) Matches(value string) bool {
	_, found := slices.BinarySearch(m.Values, value)
	return found
}

// within reports whether the matcher selects nothing that the other does not.
func (m Matcher) within(other Matcher) bool {
	return m.Label == other.Label && !slices.ContainsFunc(m.Values, func(v string) bool { return !other.Matches(v) })
}

// Matchers select the series that every one of them selects. They are sorted by
// label, and hold each label once.
type Matchers []Matcher

// With returns the matchers and one more. Neither the receiver nor values is
// written or kept. A label that is there already is there twice then, which
// Validate reports.
func (m Matchers) With(label string, values ...string) Matchers {
	values = slices.Clone(values)
	slices.Sort(values)
	more := append(slices.Clip(m), Matcher{label, slices.Compact(values)})
	slices.SortStableFunc(more, func(a, b Matcher) int { return strings.Compare(a.Label, b.Label) })
	return more
}

// On returns the matcher of a label and whether there is one.
func (m Matchers) On(label string) (Matcher, bool) {
	for _, matcher := range m {
		if matcher.Label == label {
			return matcher, true
		}
	}
	return Matcher{}, false
}

// within reports whether the matchers select a part of what the others do.
func (m Matchers) within(whole Matchers) bool {
	return !slices.ContainsFunc(whole, func(w Matcher) bool {
		own, found := m.On(w.Label)
		return !found || !own.within(w)
	})
}

// equal reports whether both select alike.
func (m Matchers) equal(other Matchers) bool {
	return slices.EqualFunc(m, other, func(a, b Matcher) bool {
		return a.Label == b.Label && slices.Equal(a.Values, b.Values)
	})
}

// Validate reports the first matcher that could not be one: a label that is no
// label's name or comes twice, and values that are none or not sorted.
func (m Matchers) Validate() error {
	for i, matcher := range m {
		if err := ValidateLabelName(matcher.Label); err != nil {
			return err
		}
		if i > 0 && m[i-1].Label >= matcher.Label {
			return fmt.Errorf("label %q is selected by twice, or out of order: give each label once, with all its values", matcher.Label)
		}
		if len(matcher.Values) == 0 {
			return fmt.Errorf("label %q is selected by without a value: give the values to select", matcher.Label)
		}
		for j, v := range matcher.Values {
			if j > 0 && matcher.Values[j-1] >= v {
				return fmt.Errorf("value %q of label %q comes twice, or out of order: sort the values and give each once", v, matcher.Label)
			}
			if !utf8.ValidString(v) {
				return fmt.Errorf("value %q of label %q is not valid UTF-8: no viewer can ask for it", v, matcher.Label)
			}
		}
	}
	return nil
}

// String writes the matchers as PromQL does, without braces:
// `code=~"500|503",status="error"`. Matchers that select alike are written
// alike.
func (m Matchers) String() string {
	var b strings.Builder
	for i, matcher := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(matcher.Label)
		if len(matcher.Values) == 1 {
			b.WriteString(`="`)
			writeEscaped(&b, matcher.Values[0])
		} else {
			b.WriteString(`=~"`)
			for j, v := range matcher.Values {
				if j > 0 {
					b.WriteByte('|')
				}
				writeEscaped(&b, regexp.QuoteMeta(v))
			}
		}
		b.WriteByte('"')
	}
	return b.String()
}

// ParseMatchers reads what String writes, and nothing else: not every selector
// of PromQL, of which most cannot be told to be a part of another.
func ParseMatchers(s string) (Matchers, error) {
	malformed := func() (Matchers, error) {
		return nil, fmt.Errorf("matchers %q are not as declarations write them: give such as status=\"error\" or status=~\"a|b\", sorted and separated by commas", s)
	}
	var m Matchers
	for rest := s; rest != ""; {
		label, after, found := strings.Cut(rest, "=")
		text, several := strings.CutPrefix(after, "~")
		text, quoted := strings.CutPrefix(text, `"`)
		end := closingQuote(text)
		if !found || !quoted || end == len(text) {
			return malformed()
		}
		values := []string{unescape(text[:end])}
		if several {
			values = alternatives(values[0])
		}
		m = append(m, Matcher{label, values})
		rest = strings.TrimPrefix(text[end+1:], ",")
	}
	// What reads as something but is written otherwise is refused, so that
	// nothing has two forms.
	if m.String() != s {
		return malformed()
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// alternatives splits quoted literals that are separated by bars.
func alternatives(expression string) (values []string) {
	value := make([]byte, 0, len(expression))
	for i := 0; i < len(expression); i++ {
		switch c := expression[i]; {
		case c == '|':
			values = append(values, string(value))
			value = value[:0]
		case c == '\\' && i+1 < len(expression):
			i++
			value = append(value, expression[i])
		default:
			value = append(value, c)
		}
	}
	return append(values, string(value))
}
