package check

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is a YAML document of which entries can be left out, while everything
// else stays on its line.
type document struct {
	root *yaml.Node
	// directory is what relative paths in it are relative to.
	directory string
	// without holds the key nodes and list elements that are left out.
	without map[*yaml.Node]bool
}

// render writes the document in flow style, which may be broken into lines
// anywhere.
func (d *document) render() []byte {
	r := renderer{document: d, line: 1}
	r.node(d.root, "")
	r.out.WriteByte('\n')
	return []byte(r.out.String())
}

type renderer struct {
	*document
	out   strings.Builder
	line  int
	depth int
}

// Bounds on what aliases multiply, and on those that contain themselves: beyond
// them a node is written as null.
const (
	maxDepth    = 100
	maxRendered = 4 * maxFile
)

// to goes on at a line, unless that is already past, as it is for an alias.
func (r *renderer) to(line int) {
	for ; r.line < line; r.line++ {
		r.out.WriteByte('\n')
	}
	r.out.WriteByte(' ') // so that nothing stands at the beginning of a line
}

// node writes a node that stands under a key.
func (r *renderer) node(n *yaml.Node, key string) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth || r.out.Len() > maxRendered {
		r.out.WriteString(" null")
		return
	}
	switch n.Kind {
	case yaml.AliasNode:
		r.node(n.Alias, key)
	case yaml.MappingNode:
		r.mapping(n)
	case yaml.SequenceNode:
		r.to(n.Line)
		r.out.WriteByte('[')
		for _, element := range n.Content {
			if !r.without[element] {
				r.node(element, key)
				r.out.WriteByte(',')
			}
		}
		r.out.WriteByte(']')
	default:
		r.to(n.Line)
		r.out.WriteString(r.scalar(n, key))
	}
}

func (r *renderer) mapping(n *yaml.Node) {
	r.to(n.Line)
	r.out.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if r.without[key] {
			continue
		}
		r.node(key, "")
		r.out.WriteString(" :")
		r.node(value, key.Value)
		r.out.WriteByte(',')
	}
	r.out.WriteByte('}')
}

// plain are the scalars that mean the same in flow style without quotes. They need
// to stay so: a quoted number is text.
var plain = regexp.MustCompile(`^(<<|~|[+-]?[A-Za-z0-9_.]+)$`)

func (r *renderer) scalar(n *yaml.Node, key string) string {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	value := n.Value
	switch {
	case n.Tag == "!!null":
		return "null"
	case n.Style&quoted == 0 && plain.MatchString(value) && !namesFile(key):
		return value
	}
	if namesFile(key) && value != "" && !filepath.IsAbs(value) {
		value = filepath.Join(r.directory, value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return `""`
	}
	return string(text)
}

// namesFile reports whether the values under a key are paths.
func namesFile(key string) bool {
	return strings.HasSuffix(key, "_file") || key == "files"
}
