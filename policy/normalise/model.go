package normalise

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metertree/metertree/policy"
)

// maxModel is the longest name of a model that is looked at.
const maxModel = 96

// Models maps the names under which providers know models to a finite set. The
// map goes from a name to the label value for it; several names may share one.
// Names are compared in lower case, without what is in front of their last slash
// and without the version at their end: a date, three or four digits or "latest"
// behind a dash, "-preview" and "-exp", what follows a colon or an @. So gpt-4o
// stands for OpenAI/GPT-4o-2024-08-06, too. What is not found is
// policy.Other: a shorter name that happens to be the start of another is never
// taken for it.
//
// It fails if a name is in the map twice once it is shortened, with different
// values, or if a value is empty.
func Models(names map[string]string) (Normaliser, error) {
	known := make(map[string]string, 2*len(names))
	outputs := map[string]struct{}{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value := names[name]
		if value == "" {
			return Normaliser{}, fmt.Errorf("model %q maps to nothing: give the label value that stands for it", name)
		}
		var buffer [maxModel]byte
		short, fits := shortened(buffer[:0], name)
		if !fits {
			return Normaliser{}, fmt.Errorf("model %q has more than %d bytes: give a shorter name", name, maxModel)
		}
		if len(short) == 0 {
			return Normaliser{}, fmt.Errorf("model %q has no name left without its path and version: give its name", name)
		}
		if other, twice := known[string(short)]; twice && other != value {
			return Normaliser{}, fmt.Errorf("model %q maps to %q, but without its version it is %q, which maps to %q: map them to one value", name, value, short, other)
		}
		known[string(short)] = value
		outputs[value] = struct{}{}
	}
	for _, value := range slices.Sorted(maps.Keys(outputs)) {
		// A value that is a name of another model would not stay what it is.
		var buffer [maxModel]byte
		short, _ := shortened(buffer[:0], value)
		if other, taken := known[string(short)]; taken && other != value {
			return Normaliser{}, fmt.Errorf("model value %q is also a name that maps to %q: choose values that stand for themselves", value, other)
		}
	}
	return Normaliser{
		apply: func(name string) string {
			if _, done := outputs[name]; done {
				return name
			}
			var buffer [maxModel]byte
			if short, fits := shortened(buffer[:0], name); fits {
				if value, found := known[string(short)]; found {
					return value
				}
			}
			return policy.Other
		},
		values: max(len(outputs), 1),
	}, nil
}

// shortened appends a model's name in lower case without its path and version.
func shortened(dst []byte, name string) (short []byte, fits bool) {
	if len(name) > maxModel {
		return nil, false
	}
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		name = name[at+1:]
	}
	if at := strings.IndexAny(name, ":@"); at > 0 {
		name = name[:at]
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	for {
		cut := len(dst) - versionLength(dst)
		if cut == len(dst) || cut == 0 {
			return dst, true
		}
		dst = dst[:cut]
	}
}

// versionLength returns how many bytes at the end of a name are a version.
func versionLength(name []byte) int {
	for _, word := range [...]string{"-latest", "-preview", "-exp"} {
		if len(name) > len(word) && string(name[len(name)-len(word):]) == word {
			return len(word)
		}
	}
	// Dates are -2024-08-06 and -20240806; -0613 and -001 are versions.
	for _, form := range [...]string{"-dddd-dd-dd", "-dd-dddd", "-dd-dd", "-dddddddd", "-dddd", "-ddd"} {
		if len(name) > len(form) && hasForm(name[len(name)-len(form):], form) {
			return len(form)
		}
	}
	return 0
}

// hasForm compares text with a form in which d stands for a digit.
func hasForm(text []byte, form string) bool {
	for i := range len(form) {
		if form[i] == 'd' && !digit(text[i]) || form[i] != 'd' && form[i] != text[i] {
			return false
		}
	}
	return true
}
