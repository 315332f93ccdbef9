package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// parseSelection reads a metric's name with what selects a part of it, as people
// write it for PromQL: name, name{label="value"}, name{label=~"a|b"}, and with
// names beyond letters, digits, underscores and colons in quotes:
// {"my.metric","my.label"="value"}. Of PromQL's operators it knows = and =~ with
// literals, because of others it cannot be told whether a branch is a part.
func parseSelection(text string) (metric.Selection, error) {
	p := selectionParser{rest: text}
	s, err := p.selection()
	if !utf8.ValidString(text) {
		err = errNotUTF8
	}
	if err != nil {
		return s, fmt.Errorf(`selector %q: %w: write such as calls_total{status="error"} or calls_total{status=~"error|timeout"}`, shorten(text, 200), err)
	}
	return s, nil
}

var errNotUTF8 = errors.New("it is not valid UTF-8")

// parseSelector reads one node: each label has one value.
func parseSelector(text string) (tree.Selector, error) {
	s, err := parseSelection(text)
	if err != nil {
		return tree.Selector{}, err
	}
	selector := tree.Selector{Metric: s.Metric}
	for _, m := range s.Matchers {
		if len(m.Values) != 1 {
			return selector, fmt.Errorf("selector %q: label %q is given %d values: a node has one value of each label; give one, or expand along it with --by", shorten(text, 200), m.Label, len(m.Values))
		}
		selector = selector.With(m.Label, m.Values[0])
	}
	return selector, nil
}

// selectionParser takes a selection from the beginning of rest.
type selectionParser struct{ rest string }

func (p *selectionParser) selection() (s metric.Selection, err error) {
	name, _, braces := strings.Cut(p.rest, "{")
	s.Metric = strings.TrimSpace(name)
	p.rest = strings.TrimSpace(p.rest[len(name):])
	if braces {
		if err := p.matchers(&s); err != nil {
			return s, err
		}
	}
	switch {
	case p.rest != "":
		return s, fmt.Errorf("%q follows it", p.near())
	case s.Metric == "":
		return s, errors.New("it has no name of a metric")
	}
	return s, nil
}

// matchers takes {…}.
func (p *selectionParser) matchers(s *metric.Selection) error {
	p.take("{")
	for !p.take("}") {
		label, quoted, err := p.name()
		if err != nil {
			return err
		}
		if quoted && s.Metric == "" && !strings.HasPrefix(p.rest, "=") && !strings.HasPrefix(p.rest, "!") {
			s.Metric = label // {"my.metric"}
		} else if err := p.matcher(s, label); err != nil {
			return err
		}
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return fmt.Errorf("a , or } is missing before %q", p.near())
		}
	}
	return nil
}

// matcher takes what follows the label.
func (p *selectionParser) matcher(s *metric.Selection, label string) error {
	several := false
	switch {
	case p.take("=~"):
		several = true
	case p.take("!=") || p.take("!~"):
		return fmt.Errorf("label %q is negated, and only = and =~ can be", label)
	case !p.take("="):
		return fmt.Errorf("a = is missing after the label %q", label)
	}
	value, err := p.quoted()
	if err != nil {
		return err
	}
	values := []string{value}
	if several {
		if values, err = literals(value); err != nil {
			return fmt.Errorf("label %q: %w", label, err)
		}
	}
	if _, twice := s.Matchers.On(label); twice {
		return fmt.Errorf("label %q is given twice: give it once, with all its values", label)
	}
	s.Matchers = s.Matchers.With(label, values...)
	return nil
}

// name takes a name, in quotes or not.
func (p *selectionParser) name() (name string, quoted bool, err error) {
	if p.rest != "" && strings.ContainsRune("\"'`", rune(p.rest[0])) {
		name, err = p.quoted()
		if err == nil && name == "" {
			err = fmt.Errorf("the name of a label is missing before %q", p.near())
		}
		return name, true, err
	}
	end := strings.IndexAny(p.rest, "=!,{}\"'` \t")
	if end < 0 {
		end = len(p.rest)
	}
	name, p.rest = p.rest[:end], strings.TrimSpace(p.rest[end:])
	if name == "" {
		return "", false, fmt.Errorf("the name of a label is missing before %q", p.near())
	}
	return name, false, nil
}

// quoted takes a text in quotes of any of PromQL's three kinds.
func (p *selectionParser) quoted() (string, error) {
	prefix, err := strconv.QuotedPrefix(p.rest)
	text := ""
	if err == nil && prefix[0] != '\'' {
		text, err = strconv.Unquote(prefix)
	} else {
		prefix, text, err = singleQuoted(p.rest)
	}
	if err != nil {
		return "", fmt.Errorf("a text in quotes is missing before %q", p.near())
	}
	if !utf8.ValidString(text) {
		return "", errNotUTF8
	}
	p.rest = strings.TrimSpace(p.rest[len(prefix):])
	return text, nil
}

// singleQuoted reads '…', which spares the quotes of a shell.
func singleQuoted(s string) (prefix, text string, err error) {
	if !strings.HasPrefix(s, "'") {
		return "", "", strconv.ErrSyntax
	}
	var b strings.Builder
	for rest := s[1:]; rest != ""; {
		if rest[0] == '\'' {
			return s[:len(s)-len(rest)+1], b.String(), nil
		}
		r, multibyte, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return "", "", err
		}
		if multibyte {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		rest = tail
	}
	return "", "", strconv.ErrSyntax
}

// near is the beginning of what is not read yet, for errors.
func (p *selectionParser) near() string { return shorten(p.rest, 40) }

// take takes a prefix and the space after it, if it is there.
func (p *selectionParser) take(prefix string) bool {
	rest, found := strings.CutPrefix(p.rest, prefix)
	if found {
		p.rest = strings.TrimSpace(rest)
	}
	return found
}

// literals splits a regular expression that is no more than literals with | in
// between.
func literals(expression string) ([]string, error) {
	var values []string
	var value strings.Builder
	for i := 0; i < len(expression); i++ {
		c := expression[i]
		switch {
		case c == '|':
			values = append(values, value.String())
			value.Reset()
		case c == '\\' && i+1 < len(expression) && strings.IndexByte(`\.+*?()|[]{}^$-/`, expression[i+1]) >= 0:
			i++
			value.WriteByte(expression[i])
		case strings.IndexByte(`\.+*?()[]{}^$`, c) >= 0:
			return nil, fmt.Errorf("%q is more than values with | in between, which is all that =~ can be here", expression)
		default:
			value.WriteByte(c)
		}
	}
	values = append(values, value.String())
	slices.Sort(values)
	return slices.Compact(values), nil
}
