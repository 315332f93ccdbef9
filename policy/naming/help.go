package naming

import "strings"

// help asks for a help text that says more than the name.
func help(_ *Linter, m Metric) []string {
	text := strings.TrimSpace(m.Help)
	if text == "" {
		return []string{"there is no help text: say in one sentence what is measured"}
	}
	if plain(text) == plain(m.Name) {
		return []string{"the help text repeats the name: say in one sentence what is measured"}
	}
	return nil
}

// plain is text without case, blanks, underscores and full stop.
func plain(text string) string {
	return strings.NewReplacer(" ", "", "_", "", ".", "").Replace(strings.ToLower(text))
}
