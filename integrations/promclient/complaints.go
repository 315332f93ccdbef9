package promclient

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
)

// complaints log what could not be imported, each thing once.
type complaints struct {
	logger *slog.Logger
	said   map[string]bool
}

const (
	// mostSaid bounds what is remembered of what was logged.
	mostSaid = 1000
	// mostNames is how many names a line has.
	mostNames = 50
)

// say logs a text, unless it was logged before.
func (c *complaints) say(text string) {
	if c.remember(text) {
		c.logger.Warn("not imported as it is", "reason", text)
	}
}

func (c *complaints) remember(text string) (first bool) {
	if c.said[text] || len(c.said) >= mostSaid {
		return false
	}
	c.said[text] = true
	return true
}

// leftOut is a metric that cannot be imported.
type leftOut struct {
	name string
	err  error
}

// sayLeftOut logs why metrics of one gathering were left out: those that the
// registry has from elsewhere in one line.
func (c *complaints) sayLeftOut(why map[string]leftOut) {
	names := map[error][]string{}
	for _, id := range slices.Sorted(maps.Keys(why)) {
		name, err := why[id].name, why[id].err
		switch {
		case !errors.Is(err, errTaken) && !errors.Is(err, errShared):
			c.say(err.Error())
		case c.remember(name + ": " + err.Error()):
			names[err] = append(names[err], name)
		}
	}
	for _, err := range []error{errTaken, errShared} {
		if list := names[err]; len(list) > 0 {
			c.logger.Warn("not imported", "metrics", len(list), "reason", err.Error(), "names", bounded(list))
		}
	}
}

// bounded returns the first names, and how many more there are.
func bounded(names []string) []string {
	if len(names) <= mostNames {
		return names
	}
	return append(slices.Clone(names[:mostNames]), fmt.Sprintf("and %d more", len(names)-mostNames))
}
