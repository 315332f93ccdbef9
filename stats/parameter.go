package stats

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parameter is one that a query takes, at most once.
type Parameter struct {
	// Name is that in the URL: lower-case letters, digits, - and _.
	Name string
	// Help says in one phrase what it does and which values it takes.
	Help string
	// Default is the value if it is not given, or given empty.
	Default string
	// Required makes it an error not to give it.
	Required bool
	// Check returns an error that says what the value should be, such as "is no
	// number from 1"; nil takes every value. Between, OneOf and Duration make some.
	Check func(value string) error
}

// Between returns a check for whole numbers from least to most.
func Between(least, most int) func(value string) error {
	return func(value string) error {
		if n, err := strconv.Atoi(value); err != nil || n < least || n > most {
			return fmt.Errorf("is no number from %d to %d", least, most)
		}
		return nil
	}
}

// OneOf returns a check for the given values.
func OneOf(values ...string) func(value string) error {
	values = slices.Clone(values)
	return func(value string) error {
		if !slices.Contains(values, value) {
			return fmt.Errorf("is none of %s", strings.Join(values, ", "))
		}
		return nil
	}
}

// Duration returns a check for durations such as 15m, from least to most.
func Duration(least, most time.Duration) func(value string) error {
	return func(value string) error {
		if d, err := time.ParseDuration(value); err != nil || d < least || d > most {
			return fmt.Errorf("is no duration from %v to %v, such as 15m", least, most)
		}
		return nil
	}
}

func validParameters(parameters []Parameter) error {
	seen := map[string]bool{}
	for _, p := range parameters {
		switch {
		case !validName(p.Name):
			return fmt.Errorf("parameter name %q is not usable in a URL: use lower-case letters, digits, - and _", p.Name)
		case seen[p.Name]:
			return fmt.Errorf("parameter %q is declared twice: declare it once", p.Name)
		case p.Required && p.Default != "":
			return fmt.Errorf("parameter %q is required and has the default %q: choose one", p.Name, p.Default)
		case p.Default != "" && p.check(p.Default) != nil:
			return fmt.Errorf("the default of parameter %q is refused: %w", p.Name, p.check(p.Default))
		}
		seen[p.Name] = true
	}
	return nil
}

// check reports a value that the parameter does not take.
func (p Parameter) check(value string) error {
	if p.Check == nil {
		return nil
	}
	if err := p.Check(value); err != nil {
		return fmt.Errorf("%s %q %w", p.Name, value, err)
	}
	return nil
}

// read returns the parameters of a request, checked and with defaults.
func (q Query) read(given url.Values) (url.Values, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(q.Parameters, func(p Parameter) bool { return p.Name == name }) {
			return nil, fmt.Errorf("query %q takes no parameter %q: %s", q.Name, name, q.known())
		}
	}
	read := url.Values{}
	for _, p := range q.Parameters {
		if len(given[p.Name]) > 1 {
			return nil, fmt.Errorf("parameter %q is given %d times: give it once", p.Name, len(given[p.Name]))
		}
		value := given.Get(p.Name)
		if value == "" {
			value = p.Default
		}
		if value == "" && p.Required {
			return nil, fmt.Errorf("query %q needs the parameter %q: %s", q.Name, p.Name, p.Help)
		}
		if value == "" {
			continue
		}
		if err := p.check(value); err != nil {
			return nil, err
		}
		read.Set(p.Name, value)
	}
	return read, nil
}

// known names the parameters.
func (q Query) known() string {
	if len(q.Parameters) == 0 {
		return "it takes none"
	}
	var names []string
	for _, p := range q.Parameters {
		names = append(names, p.Name)
	}
	return "it takes " + strings.Join(names, ", ")
}
