package naming

import (
	"fmt"
	"strings"
	"unicode"
)

// lowerCase finds camelCase in names and labels, and runs of underscores.
func lowerCase(_ *Linter, m Metric) (messages []string) {
	if fixed := snake(m.Name); fixed != m.Name {
		messages = append(messages, fmt.Sprintf("use lower case with single underscores: %s", fixed))
	}
	for _, l := range m.Labels {
		if fixed := snake(l.Name); fixed != l.Name && !strings.HasPrefix(l.Name, "__") {
			messages = append(messages, fmt.Sprintf("label %s: use lower case with single underscores: %s", l.Name, fixed))
		}
	}
	return messages
}

// snake returns a name in lower case, with an underscore where a word begins and
// for what is not a letter, a digit or a colon.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(strings.Map(separate, name))
	for i, r := range runes {
		if unicode.IsUpper(r) {
			before := i > 0 && runes[i-1] != '_' && runes[i-1] != ':'
			begins := i > 0 && !unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if before && begins {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	fixed := b.String()
	for strings.Contains(fixed, "__") {
		fixed = strings.ReplaceAll(fixed, "__", "_")
	}
	if len(fixed) > 1 {
		fixed = strings.TrimRight(fixed, "_")
	}
	return fixed
}

// separate replaces what names of UTF-8 may have between words.
func separate(r rune) rune {
	if r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return '_'
}
