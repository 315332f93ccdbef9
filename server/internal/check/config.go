package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// LoadFile reads a configuration file and returns what is wrong with it, in the
// form "path:line: message: remedy" or "path: message: remedy".
type LoadFile func(path string) error

// Config finds the mistakes of a configuration file, each by itself, although load
// stops at the first: what is wrong is left out, and the rest loaded again. What
// only follows from another mistake may be found first when that is corrected. The
// error is that the file cannot be checked.
func Config(path string, load LoadFile) ([]Problem, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	first := load(path)
	if first == nil {
		return nil, nil
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(content, &tree); err != nil || len(tree.Content) == 0 {
		return []Problem{complain(path, first.Error(), path)}, nil
	}
	directory, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: give the path in full", path, err)
	}
	c := &configCheck{path: path, load: load, doc: document{root: tree.Content[0], directory: directory, without: map[*yaml.Node]bool{}}}
	if err := c.run(); err != nil {
		return nil, err
	}
	if len(c.problems) == 0 {
		// As it is rendered it is in order: the mistake is one of writing.
		return []Problem{complain(path, first.Error(), path)}, nil
	}
	sortByLine(c.problems)
	return c.problems, nil
}

// maxFile bounds a file that is checked, in bytes.
const maxFile = 16 << 20

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w: check the path", path, cause(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w: check the path", path, cause(err))
	case len(content) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d MiB: divide it", path, maxFile>>20)
	}
	return content, nil
}

// cause is a file error without the path, which the message names itself.
func cause(err error) error {
	var known *os.PathError
	if errors.As(err, &known) {
		return known.Err
	}
	return err
}

// configCheck is one file under check.
type configCheck struct {
	path     string
	load     LoadFile
	doc      document
	scratch  string
	problems []Problem
	failure  error // why nothing can be checked
	loads    int
	// damaged are the lists' elements from which something was left out.
	damaged map[*yaml.Node]bool
}

// maxLoads bounds how often a file is loaded, which for a wrong file of many
// thousand lines takes seconds.
const maxLoads = 5000

func (c *configCheck) run() error {
	directory, err := os.MkdirTemp("", "metertree-check-")
	if err != nil {
		return fmt.Errorf("%s cannot be checked without a temporary directory: %w: set TMPDIR to a writable one", c.path, err)
	}
	defer os.RemoveAll(directory)
	c.scratch = filepath.Join(directory, "config.yml")
	c.damaged = map[*yaml.Node]bool{}
	for {
		text := c.complaint()
		if text == "" || c.failure != nil {
			return c.failure
		}
		if len(c.problems) >= maxProblems || c.loads >= maxLoads {
			c.problems = append(c.problems, Problem{File: c.path, Message: tooMany, Remedy: tooManyRemedy})
			return nil
		}
		if !c.note(text) {
			return c.failure
		}
	}
}

var more = regexp.MustCompile(` \(and \d+ more\)$`)

// complaint is what is wrong with the document as it is now.
func (c *configCheck) complaint() string {
	c.loads++
	// Mode 0600, since there may be secrets in it.
	if err := os.WriteFile(c.scratch, c.doc.render(), 0o600); err != nil {
		c.failure = fmt.Errorf("%s cannot be checked without a temporary file: %w: make room, or set TMPDIR", c.path, cause(err))
		return ""
	}
	if err := c.load(c.scratch); err != nil {
		return more.ReplaceAllString(err.Error(), "")
	}
	return ""
}

// note records what is complained of and leaves it out of the document. It
// reports whether there is reason to go on.
func (c *configCheck) note(text string) bool {
	p := complain(c.path, text, c.scratch)
	found := c.doc.named(c.doc.root, "", p)
	if found == nil {
		found = c.doc.culprit(c.doc.root, "", text, "", c.complaint)
	}
	if c.failure != nil {
		return false
	}
	if found == nil {
		c.problems = append(c.problems, p)
		return false
	}
	item := c.itemOf(found.node)
	scalar := found.value.Kind == yaml.ScalarNode
	p.Where = found.where
	if scalar && !soundsSecret(found.where) {
		p.Value = found.value.Value
	}
	lineless := p.Line == 0
	if lineless {
		p.Line = found.line
	}
	// What has no line and does not name its value may follow from what was left
	// out before.
	named := scalar && found.value.Value != "" && strings.Contains(p.Message, found.value.Value)
	if !lineless || named || !c.damaged[item] {
		c.problems = append(c.problems, p)
	}
	c.doc.without[found.node] = true
	if item != nil && !strings.HasPrefix(p.Message, "unknown key") {
		c.damaged[item] = true
	}
	return true
}

// itemOf is the element of a list directly below a section that holds a node, or
// the section, or nothing.
func (c *configCheck) itemOf(node *yaml.Node) *yaml.Node {
	root := c.doc.root
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key == node {
			return nil
		}
		if value.Kind == yaml.SequenceNode {
			for _, element := range value.Content {
				if holds(element, node) {
					return element
				}
			}
		} else if holds(value, node) {
			return value
		}
	}
	return nil
}

func holds(n, node *yaml.Node) bool {
	if n == node {
		return true
	}
	for _, child := range n.Content {
		if holds(child, node) {
			return true
		}
	}
	return false
}

func soundsSecret(where string) bool {
	for _, word := range []string{"password", "secret", "credentials", "token", "key", "auth", "headers", "params", "url"} {
		if strings.Contains(where, word) {
			return true
		}
	}
	return false
}

// complain makes a problem of what a loader said about the file that it read.
func complain(path, text, read string) Problem {
	p := Problem{File: path, Message: flat(strings.TrimPrefix(text, read+":"))}
	if line, rest, found := strings.Cut(p.Message, ":"); found {
		if number, err := strconv.Atoi(line); err == nil {
			p.Line, p.Message = number, strings.TrimSpace(rest)
		}
	}
	if i := strings.LastIndex(p.Message, ": "); i > 0 {
		p.Message, p.Remedy = p.Message[:i], p.Message[i+2:]
	}
	if vague[p.Remedy] || p.Remedy == "" {
		p.Remedy = remedyFor(p.Message, configRemedies, "correct the value")
	}
	return p
}

// vague are remedies that a better one replaces.
var vague = map[string]bool{"correct it and try again": true, "correct the value": true}

var configRemedies = []remedy{
	{regexp.MustCompile(`duration`), "write a duration such as 15s, 1m or 1h"},
	{regexp.MustCompile(`timeout greater than`), "lower scrape_timeout or raise scrape_interval"},
	{regexp.MustCompile(`multiple scrape configs with job name`), "give each job a name of its own"},
	{regexp.MustCompile(`job_name is empty`), "name the job"},
	{regexp.MustCompile(`into u?int`), "write a whole number"},
	{regexp.MustCompile(`into bool`), "write true or false"},
	{regexp.MustCompile(`into \[\]`), "write a list"},
	{regexp.MustCompile(`relabel|regex|regexp`), "correct the relabelling; a regular expression is RE2"},
	{regexp.MustCompile(`no such file`), "create the file, or correct its path, which is relative to the configuration file"},
	{regexp.MustCompile(`not YAML|did not find|mapping values`), "correct the indentation or quoting there"},
}

// firstDocument decodes one document strictly.
func firstDocument(content []byte, into any) error {
	err := yaml.NewDecoder(bytes.NewReader(content)).Decode(into)
	if err == io.EOF {
		return nil
	}
	return err
}
