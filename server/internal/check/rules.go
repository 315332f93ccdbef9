package check

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Rules finds the mistakes of a file of Prometheus rules: what Prometheus would not
// load, and what it would load but that cannot be meant. The error is that the file
// cannot be checked.
func Rules(path string) ([]Problem, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	problems, content := readable(path, content)
	places := placesOf(content)
	found := ruleFindings(content)
	if places == nil && len(problems)+len(found) == 0 {
		found = append(found, finding{message: "there is no rule in it"})
	}
	told := map[string]bool{}
	for _, f := range found {
		p := ruleProblem(path, places, f)
		if told[p.String()] {
			continue
		}
		if len(problems) >= maxProblems {
			problems = append(problems, Problem{File: path, Message: tooMany, Remedy: tooManyRemedy})
			break
		}
		told[p.String()] = true
		problems = append(problems, p)
	}
	sortByLine(problems)
	return problems, nil
}

// readable leaves out of a file what its parser stops at, and tells that.
func readable(path string, content []byte) (problems []Problem, rest []byte) {
	var tree yaml.Node
	if unreadable(content) == "" || yaml.Unmarshal(content, &tree) != nil || len(tree.Content) == 0 {
		return nil, content
	}
	d := document{root: tree.Content[0], without: map[*yaml.Node]bool{}}
	load := func() string { return unreadable(d.render()) }
	for text := load(); text != "" && len(problems) < maxProblems; text = load() {
		found := d.culprit(d.root, "", text, "", load)
		if found == nil {
			break // ruleFindings tells it again, as it is
		}
		p := ruleProblem(path, nil, finding{line: found.line, message: text})
		p.Where = found.where
		if found.value.Kind == yaml.ScalarNode {
			p.Value = found.value.Value
		}
		problems = append(problems, p)
		d.without[found.node] = true
	}
	return problems, d.render()
}

// finding is what is wrong with rules, as far as that is known where it is found.
type finding struct {
	line    int    // 0 if unknown
	group   string // empty if it is not about a group
	rule    int    // counts from 1; 0 if it is not about a rule
	key     string // of the rule
	message string
}

// places are the lines of rules by group and number, and of the keys of each.
type places map[place]int

type place struct {
	group string
	rule  int
	key   string
}

// placesOf finds the lines, or nothing if there are no rules. A group is rule 0 of
// itself; of two with one name it is the second.
func placesOf(content []byte) places {
	var file struct{ Groups []yaml.Node }
	// Mistakes in it are found elsewhere.
	_ = firstDocument(content, &file)
	at := places{}
	for _, node := range file.Groups {
		var group struct {
			Name  string
			Rules []yaml.Node
		}
		_ = node.Decode(&group)
		at[place{group.Name, 0, ""}] = node.Line
		for i, rule := range group.Rules {
			at[place{group.Name, i + 1, ""}] = rule.Line
			for j := 0; j+1 < len(rule.Content); j += 2 {
				at[place{group.Name, i + 1, rule.Content[j].Value}] = rule.Content[j].Line
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	return at
}

var (
	atLine    = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors: )?line (\d+): `)
	atColumns = regexp.MustCompile(`^(\d+):\d+: (?:\d+:\d+: )?`)
	inRule    = regexp.MustCompile(`^group "(.*?)", rule (\d+), ".*?": `)
	unknown   = regexp.MustCompile(`^field (\S+) (not found|already set) in type`)
	inGroup   = regexp.MustCompile(`^groupname: "(.*)" is repeated`)
	aboutKey  = regexp.MustCompile(`^(label|annotation) "`)
)

func ruleProblem(path string, at places, f finding) Problem {
	message := flat(f.message)
	for _, expression := range []*regexp.Regexp{atLine, atColumns} {
		if m := expression.FindStringSubmatch(message); m != nil {
			f.line, _ = strconv.Atoi(m[1])
			message = message[len(m[0]):]
		}
	}
	if m := inRule.FindStringSubmatch(message); m != nil {
		f.group = m[1]
		f.rule, _ = strconv.Atoi(m[2])
		message = message[len(m[0]):]
	}
	if m := inGroup.FindStringSubmatch(message); m != nil {
		f.group = m[1]
	}
	if m := aboutKey.FindStringSubmatch(message); m != nil {
		f.key = m[1] + "s"
	}
	if m := unknown.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("unknown key %q", m[1])
		if m[2] == "already set" {
			message = fmt.Sprintf("repeated key %q", m[1])
		}
	}
	p := Problem{File: path, Line: f.line, Message: message}
	if f.rule > 0 {
		p.Where = fmt.Sprintf("group %q, rule %d", f.group, f.rule)
	}
	if p.Line == 0 {
		p.Line = at[place{f.group, f.rule, f.key}]
	}
	if p.Line == 0 {
		p.Line = at[place{f.group, f.rule, ""}]
	}
	p.Remedy = remedyFor(message, ruleRemedies, "correct it")
	return p
}

var ruleRemedies = []remedy{
	{regexp.MustCompile(`unknown key`), "a group has name, interval, query_offset, limit, labels and rules; a rule record or alert, expr, for, keep_firing_for, labels and annotations"},
	{regexp.MustCompile(`repeated key`), "keep one of them"},
	{regexp.MustCompile(`only one of`), "make two rules of it"},
	{regexp.MustCompile(`one of 'record' or 'alert'`), "name what it records, or the alert"},
	{regexp.MustCompile(`'expr' must be set`), "give the PromQL expression"},
	{regexp.MustCompile(`could not parse expression`), "correct the PromQL at that place of the expression"},
	{regexp.MustCompile(`in recording rule`), "take it out; only alerts have it"},
	{regexp.MustCompile(`rule name`), "name a metric, such as job:requests:rate5m"},
	{regexp.MustCompile(`is repeated in the same file|Groupname`), "give each group a name of its own"},
	{regexp.MustCompile(`^(label|annotation) "|template`), "correct the template, such as {{ $labels.instance }} or {{ $value }}"},
	{regexp.MustCompile(`label name|annotation name`), "begin it with a letter, and use letters, digits and _"},
	{regexp.MustCompile(`duration`), "write a duration such as 30s or 5m"},
	{regexp.MustCompile(`twice`), "take one out, or tell them apart by a label"},
	{regexp.MustCompile(`is a (string|range vector|matrix)`), "select an instant vector, as by rate(…[5m])"},
	{regexp.MustCompile(`fires always`), "take bool out"},
	{regexp.MustCompile(`no rule`), "begin with groups:, each with a name and rules"},
	{regexp.MustCompile(`did not find|mapping values|cannot unmarshal`), "correct the indentation or quoting there"},
}
