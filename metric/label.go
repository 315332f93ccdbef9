package metric

import (
	"slices"
	"strings"
)

// Label is one name with its value.
type Label struct {
	Name, Value string
}

// Labels are sorted by name and hold each name once.
type Labels []Label

// With returns a new set in which the given labels are added; where a name is
// already there the new value wins. Neither the receiver nor more is written.
func (l Labels) With(more ...Label) Labels {
	merged := make(Labels, 0, len(l)+len(more))
	merged = append(merged, l...)
	for _, label := range more {
		i, found := slices.BinarySearchFunc(merged, label.Name, func(have Label, name string) int {
			return strings.Compare(have.Name, name)
		})
		if found {
			merged[i].Value = label.Value
			continue
		}
		merged = slices.Insert(merged, i, label)
	}
	return merged
}

// Get returns the value of the named label and whether it is set.
func (l Labels) Get(name string) (value string, ok bool) {
	for _, label := range l {
		if label.Name == name {
			return label.Value, true
		}
	}
	return "", false
}
