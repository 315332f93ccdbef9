package tree

// NodeType is what a node of the tree stands for.
type NodeType string

// The types of node.
const (
	NodeScope  NodeType = "scope"  // a prefix of names
	NodeMetric NodeType = "metric" // a family
	NodeAxis   NodeType = "axis"   // a label a node can be expanded along
	NodeValue  NodeType = "value"  // one branch: the family with matchers
	NodeOther  NodeType = "other"  // the branches beyond the limit, folded
)

// Node is one line of the tree, with the children that were asked for.
type Node struct {
	Type NodeType `json:"type"`
	// Name is what the line shows: the last part of a scope or metric name, a
	// label, or a label value (Unset for the series without the label).
	Name string `json:"name"`
	// Path is the prefix of a scope or the full name of the metric.
	Path string `json:"path"`
	// Matchers of a node below a metric, in the order they were walked.
	Matchers []Matcher `json:"matchers,omitempty"`
	// Label is the axis of an axis node, and of a value the one it belongs to.
	Label string `json:"label,omitempty"`
	// Series is the number of stored series below.
	Series int `json:"series"`
	// Metrics is the number of metrics below a scope.
	Metrics int `json:"metrics,omitempty"`
	// Branches is how many children an axis opens, or how many Other stands for.
	Branches int `json:"branches,omitempty"`
	// Expandable says whether there is anything below.
	Expandable bool `json:"expandable"`
	// Family describes a metric node; values below it share it.
	Family *Family `json:"family,omitempty"`
	// Reading is the current value of a metric, value or other node.
	Reading *Reading `json:"reading,omitempty"`
	// Children are present when they were asked for.
	Children []*Node `json:"children,omitempty"`
	// Omitted counts children left out because of a limit.
	Omitted int `json:"omitted,omitempty"`
	// Error says why this node's value or children could not be read.
	Error string `json:"error,omitempty"`
}

// Plot is a node and its branches over time.
type Plot struct {
	Metric   string    `json:"metric"`
	Matchers []Matcher `json:"matchers,omitempty"`
	By       string    `json:"by,omitempty"`
	Unit     string    `json:"unit,omitempty"`
	Meaning  Meaning   `json:"meaning"`
	Times    []int64   `json:"times"` // Unix milliseconds
	Lines    []Trace   `json:"lines"` // the node itself first
	Omitted  int       `json:"omitted,omitempty"`
}

// Trace is one line of a plot.
type Trace struct {
	Name   string   `json:"name"`
	Type   NodeType `json:"type"`
	Points []Number `json:"points"`
}
