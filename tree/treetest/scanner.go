package treetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/metertree/metertree/tree"
)

// scanner reads the words, strings and selectors of one line.
type scanner struct{ rest string }

func (s *scanner) skipSpace() { s.rest = strings.TrimLeft(s.rest, " \t") }

// take reads the text if it comes next.
func (s *scanner) take(text string) bool {
	s.skipSpace()
	rest, ok := strings.CutPrefix(s.rest, text)
	if ok {
		s.rest = rest
	}
	return ok
}

// word reads up to the next space, or a quoted string. It is empty at the end.
func (s *scanner) word() (string, error) {
	s.skipSpace()
	if strings.HasPrefix(s.rest, `"`) {
		return s.quoted()
	}
	word, _, _ := strings.Cut(s.rest, " ")
	s.rest = s.rest[len(word):]
	return word, nil
}

func (s *scanner) quoted() (string, error) {
	s.skipSpace()
	quoted, err := strconv.QuotedPrefix(s.rest)
	if err != nil {
		return "", fmt.Errorf("%q does not start with a string: quote it as in Go", s.rest)
	}
	s.rest = s.rest[len(quoted):]
	return strconv.Unquote(quoted)
}

// selector reads name{label="value",…} or {"name","label"="value",…}.
func (s *scanner) selector() (tree.Selector, error) {
	s.skipSpace()
	end := strings.IndexAny(s.rest, " \t{")
	if end < 0 {
		end = len(s.rest)
	}
	sel := tree.Selector{Metric: s.rest[:end]}
	s.rest = s.rest[end:]
	if strings.HasPrefix(s.rest, "{") {
		s.rest = s.rest[1:]
		if err := s.matchers(&sel); err != nil {
			return sel, err
		}
	}
	if sel.Metric == "" {
		return sel, fmt.Errorf(`no name of a metric: write name{label="value"} or {"name","label"="value"}`)
	}
	return sel, nil
}

func (s *scanner) matchers(sel *tree.Selector) error {
	for !s.take("}") {
		name, bare, err := s.labelName()
		if err != nil {
			return err
		}
		switch {
		case s.take("="):
			value, err := s.quoted()
			if err != nil {
				return err
			}
			if sel.Has(name) {
				return fmt.Errorf("label %q is there twice: keep one", name)
			}
			sel.Matchers = append(sel.Matchers, tree.Matcher{Name: name, Value: value})
		case !bare && sel.Metric == "":
			sel.Metric = name
		default:
			return fmt.Errorf(`no value after label %q: write %s="value"`, name, name)
		}
		if !s.take(",") && !strings.HasPrefix(s.rest, "}") {
			return fmt.Errorf("%q does not go on with , or }", s.rest)
		}
	}
	return nil
}

func (s *scanner) labelName() (name string, bare bool, err error) {
	s.skipSpace()
	if strings.HasPrefix(s.rest, `"`) {
		name, err = s.quoted()
		return name, false, err
	}
	end := strings.IndexAny(s.rest, " ={},")
	if end <= 0 {
		return "", true, fmt.Errorf("%q does not go on with a label", s.rest)
	}
	name, s.rest = s.rest[:end], s.rest[end:]
	return name, true, nil
}

// labelsOf returns the matchers as the labels of a series.
func labelsOf(sel tree.Selector) []tree.Label {
	set := slices.DeleteFunc(slices.Clone(sel.Matchers), func(l tree.Label) bool { return l.Value == "" })
	slices.SortFunc(set, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) })
	return set
}
