package treetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// script is a file of cases.
type script struct {
	file  string
	lines []string
	cases []*scriptCase
}

// scriptCase is a load and the questions asked of it.
type scriptCase struct {
	line      int // of the load, from 1
	data      Data
	on        []string // names of the sources to ask; empty for all
	questions []*question
}

// question is a request and the answer expected.
type question struct {
	line    int // from 1
	text    string
	request request
	// from and to are where the expectation is, or would be, in the lines of the
	// script, from 0.
	from, to int
	known    bool // whether there is an expectation
	expected
}

// expected is an answer: lines of a tree, or text an error contains.
type expected struct {
	tree  []string
	fails bool
	err   string
}

// lines writes the expectation as a script holds it.
func (e expected) lines() []string {
	if e.fails {
		return []string{"expect error " + e.err}
	}
	out := []string{"expect"}
	for _, line := range e.tree {
		out = append(out, indent+line)
	}
	return out
}

const indent = "  "

// parser reads a script from its first line to its last.
type parser struct {
	script *script
	next   int // line, from 0
}

// parse reads a script. The error names the line.
func parse(file, text string) (*script, error) {
	p := parser{script: &script{file: file, lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}}
	for p.next < len(p.script.lines) {
		line := p.script.lines[p.next]
		p.next++
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := p.next
		if err := p.statement(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, max(at, p.next), err)
		}
	}
	if len(p.script.cases) == 0 {
		return nil, fmt.Errorf("%s: no load: begin with one", file)
	}
	return p.script, nil
}

func (p *parser) statement(line string) error {
	if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
		return fmt.Errorf("%q is indented and belongs to nothing: start it in the first column", line)
	}
	verb, _, _ := strings.Cut(line, " ")
	if verb == "load" {
		return p.load(strings.Fields(line)[1:])
	}
	if len(p.script.cases) == 0 {
		return fmt.Errorf("%s before any load: load samples first", verb)
	}
	c := p.script.cases[len(p.script.cases)-1]
	if verb == "expect" {
		return p.expect(c, line)
	}
	q := &question{line: p.next, text: line, from: p.next, to: p.next}
	c.questions = append(c.questions, q)
	var err error
	q.request, err = parseRequest(line)
	return err
}

func (p *parser) load(words []string) error {
	c := &scriptCase{line: p.next}
	l := loader{}
	for len(words) > 0 {
		switch {
		case words[0] == "every" && len(words) > 1:
			every, err := time.ParseDuration(words[1])
			if err != nil || every <= 0 {
				return fmt.Errorf("every %q is no positive duration: write one such as 15s", words[1])
			}
			l.data.Every, words = every, words[2:]
		case words[0] == "on" && len(words) > 1:
			c.on, words = words[1:], nil
		default:
			return fmt.Errorf("load %q is not understood: write load [every DURATION] [on SOURCE…]", words[0])
		}
	}
	err := p.block(func(line string) error { return l.line(strings.TrimSpace(line)) })
	if err != nil {
		return err
	}
	l.declareRatios()
	c.data = l.data
	if c.data.Instants == 0 {
		return fmt.Errorf("nothing is loaded: indent a series below load")
	}
	p.script.cases = append(p.script.cases, c)
	return nil
}

func (p *parser) expect(c *scriptCase, line string) error {
	if len(c.questions) == 0 {
		return fmt.Errorf("expect without a question: ask with scope, metric or expand first")
	}
	q := c.questions[len(c.questions)-1]
	if q.known {
		return fmt.Errorf("a second expect for %q: keep one", q.text)
	}
	q.from, q.known = p.next-1, true
	text, fails := strings.CutPrefix(line, "expect error ")
	if !fails && strings.TrimSpace(line) != "expect" {
		return fmt.Errorf("%q is not understood: write expect or expect error TEXT", line)
	}
	if fails {
		q.fails, q.err = true, text
	}
	err := p.block(func(line string) error {
		if fails {
			return fmt.Errorf("%q follows an error: an error has no tree", line)
		}
		q.tree = append(q.tree, strings.TrimRight(strings.TrimPrefix(line, indent), " "))
		return nil
	})
	q.to = p.next
	return err
}

// block reads the indented lines that come next. Empty lines among them do not
// end it, and those after it are left.
func (p *parser) block(each func(line string) error) error {
	for i := p.next; i < len(p.script.lines); i++ {
		line := p.script.lines[i]
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, indent):
			p.next = i + 1
			if err := each(line); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// text writes the script with the expectations its questions now have.
func (s *script) text() string {
	var out []string
	next := 0
	for _, c := range s.cases {
		for _, q := range c.questions {
			out = append(out, s.lines[next:q.from]...)
			next = q.to
			if q.known {
				out = append(out, q.lines()...)
			}
		}
	}
	return strings.Join(append(out, s.lines[next:]...), "\n") + "\n"
}

// asks reports whether a case is for the source.
func (c *scriptCase) asks(source string) bool {
	return len(c.on) == 0 || slices.Contains(c.on, source)
}
