package check

import (
	"fmt"
	"regexp"
	"sort"

	"go.yaml.in/yaml/v3"
)

// entry is an entry of a mapping or an element of a list.
type entry struct {
	node  *yaml.Node // what to leave out: the key, or the element
	value *yaml.Node
	where string
	line  int
}

// loader says what is wrong with the document as it is, in one line; nothing if
// nothing is.
type loader func() string

var namesKey = regexp.MustCompile(`^(?:unknown|repeated) key "(.*)"$`)

// named finds the entry whose key and line a problem names, so that nothing needs
// to be left out to find it.
func (d *document) named(n *yaml.Node, where string, p Problem) *entry {
	m := namesKey.FindStringSubmatch(p.Message)
	if m == nil || p.Line == 0 {
		return nil
	}
	return d.keyed(n, where, m[1], p.Line)
}

func (d *document) keyed(n *yaml.Node, where, name string, line int) *entry {
	for i, child := range n.Content {
		at := fmt.Sprintf("%s[%d]", where, i)
		if n.Kind == yaml.MappingNode {
			if i%2 == 1 {
				continue // with its key
			}
			key := child
			child, at = n.Content[i+1], join(where, key.Value)
			if d.without[key] {
				continue
			}
			if key.Value == name && key.Line == line {
				return &entry{node: key, value: child, where: at, line: line}
			}
		}
		if d.without[child] {
			continue
		}
		if found := d.keyed(child, at, name, line); found != nil {
			return found
		}
	}
	return nil
}

// culprit finds the deepest entry below n without which the complaint is another
// one. It is found by leaving entries out, since few complaints name their line. No
// entry is one whose absence changes nothing, such as a key that is missing.
//
// after is the complaint without n as a whole. An entry whose absence has the same
// effect is preferred over one whose absence causes a complaint of its own.
func (d *document) culprit(n *yaml.Node, where, complaint, after string, load loader) *entry {
	var found *entry
	var then string
	switch n.Kind {
	case yaml.MappingNode:
		found, then = d.inMapping(n, where, complaint, after, load)
	case yaml.SequenceNode:
		found, then = d.inSequence(n, where, complaint, load)
	}
	if found == nil {
		return nil
	}
	if deeper := d.culprit(found.value, found.where, complaint, then, load); deeper != nil {
		return deeper
	}
	return found
}

// needed are the keys that an item cannot do without, so that leaving one out says
// little.
var needed = map[string]bool{"job_name": true, "url": true}

func (d *document) inMapping(n *yaml.Node, where, complaint, after string, load loader) (best *entry, then string) {
	rank := 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if d.without[key] {
			continue
		}
		d.without[key] = true
		got := load()
		delete(d.without, key)
		score := 0
		switch {
		case got == complaint:
		case got == after:
			score = 3
		case !needed[key.Value]:
			score = 2
		default:
			score = 1
		}
		if score > rank {
			rank, then = score, got
			best = &entry{node: key, value: value, where: join(where, key.Value), line: key.Line}
		}
	}
	return best, then
}

func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}

// inSequence finds the first element with which the complaint begins, in as many
// steps as the length has digits in base two. A later one may cause it too.
func (d *document) inSequence(n *yaml.Node, where, complaint string, load loader) (*entry, string) {
	var there []int
	for i, element := range n.Content {
		if !d.without[element] {
			there = append(there, i)
		}
	}
	withFirst := func(k int) string {
		for _, i := range there[k:] {
			d.without[n.Content[i]] = true
		}
		got := load()
		for _, i := range there[k:] {
			delete(d.without, n.Content[i])
		}
		return got
	}
	k := sort.Search(len(there), func(k int) bool { return withFirst(k) == complaint })
	if k == 0 {
		return nil, "" // an empty list is as wrong
	}
	i := there[k-1]
	element := n.Content[i]
	d.without[element] = true
	then := load()
	delete(d.without, element)
	return &entry{node: element, value: element, where: fmt.Sprintf("%s[%d]", where, i), line: element.Line}, then
}
