package tree

import "github.com/metertree/metertree/policy"

// NodeType is what a node of the tree stands for.
type NodeType string

// The types of node.
const (
	NodeScope  NodeType = "scope"  // a prefix of names
	NodeMetric NodeType = "metric" // a family
	NodeRatio  NodeType = "ratio"  // a declared ratio
	NodeAxis   NodeType = "axis"   // a label a node can be expanded along
	NodeValue  NodeType = "value"  // one branch: the family or ratio with matchers
	NodeOther  NodeType = "other"  // the branches beyond the limit, folded
)

// Node is one line of the tree, with the children that were asked for.
type Node struct {
	Type NodeType `json:"type"`
	// Name is what the line shows: the last part of a scope or metric name, a
	// label, or a label value (Unset for the series without the label).
	Name string `json:"name"`
	// Path is the prefix of a scope or the full name of the metric or ratio.
	Path string `json:"path"`
	// Matchers of a node below a metric, in the order they were walked.
	Matchers []Matcher `json:"matchers,omitempty"`
	// Label is the axis of an axis node, and of a value the one it belongs to.
	Label string `json:"label,omitempty"`
	// Series is the number of stored series below; of a ratio, of its denominator.
	Series int `json:"series"`
	// Metrics is the number of metrics below a scope.
	Metrics int `json:"metrics,omitempty"`
	// Branches is how many children an axis opens, or how many Other stands for.
	Branches int `json:"branches,omitempty"`
	// Expandable says whether there is anything below.
	Expandable bool `json:"expandable"`
	// Family describes a metric node; values below it share it.
	Family *Family `json:"family,omitempty"`
	// Ratio describes a ratio node, and the two sums of it and of values below it.
	Ratio *RatioParts `json:"ratio,omitempty"`
	// Axis tells what expanding along an axis costs and promises.
	Axis *AxisFacts `json:"axis,omitempty"`
	// Reading is the current value of a metric, ratio, value, axis or other node;
	// an axis has that of the node it expands.
	Reading *Reading `json:"reading,omitempty"`
	// Share is the part of the parent's value that a branch is, 0 to 1 unless there
	// are negative values; only where branches add up. Of states it is the time or
	// the number in a state out of all.
	Share *Number `json:"share,omitempty"`
	// Change is against the baseline, if one was asked for.
	Change *Change `json:"change,omitempty"`
	// Check is whether the branches of an axis fold to the node.
	Check *Check `json:"check,omitempty"`
	// Warnings are sentences about what is wrong with the number or the labels.
	Warnings []string `json:"warnings,omitempty"`
	// At is the moment of the reading, in Unix milliseconds.
	At int64 `json:"at,omitempty"`
	// Children are present when they were asked for.
	Children []*Node `json:"children,omitempty"`
	// Omitted counts children left out because of a limit.
	Omitted int `json:"omitted,omitempty"`
	// Notices, on the outermost node of an answer, tell what the source could not
	// give and why.
	Notices []string `json:"notices,omitempty"`
	// Error says why this node's value or children could not be read.
	Error string `json:"error,omitempty"`
}

// RatioParts are what a ratio divides.
type RatioParts struct {
	// Numerator and Denominator are selections as people read them:
	// calls_total{status="error"}.
	Numerator   string `json:"numerator"`
	Denominator string `json:"denominator"`
	// Mode is "within-group" or "share": what the branches of an axis are divided by.
	Mode string `json:"mode"`
	Help string `json:"help,omitempty"`
	Role string `json:"role,omitempty"`
	// NumeratorSum and DenominatorSum are the readings that were divided; in the
	// share mode the latter is the parent's.
	NumeratorSum   *Reading `json:"numerator_sum,omitempty"`
	DenominatorSum *Reading `json:"denominator_sum,omitempty"`
}

// AxisFacts is what is known of an axis before it is expanded.
type AxisFacts struct {
	// Level is the judgement of how many values the label has.
	Level policy.Level `json:"level"`
	// Declared says that the label was declared as one to expand along.
	Declared bool `json:"declared,omitempty"`
	// NearUnique says that nearly every series has a value of its own, so that the
	// branches are the series.
	NearUnique bool `json:"near_unique,omitempty"`
	// Uneven is how unevenly the value, or the change, is spread over the branches:
	// 0 when each has the same part of it, 1 when one has all. Null where it was not
	// asked for or cannot be told.
	Uneven *Number `json:"uneven,omitempty"`
}

// Change is how a value differs from what it was.
type Change struct {
	Before Reading `json:"before"`
	// Delta is the value now less the value before; a side without data counts as 0
	// where branches add up, and otherwise makes no difference.
	Delta Number `json:"delta"`
	// Percent is Delta in percent of what was before, null without it.
	Percent Number `json:"percent"`
	Text    string `json:"text"` // Delta with its sign and unit
}

// Check compares a node with the fold of its branches, the rest included.
type Check struct {
	// Holds says that the fold of the branches is the node's value, but for the
	// rounding of sums: within a billionth.
	Holds bool `json:"holds"`
	// Folded is the value that the branches fold to.
	Folded Number `json:"folded"`
	// Difference is the node's value less Folded.
	Difference Number `json:"difference"`
	// Text says it in a few words.
	Text string `json:"text"`
}

// Plot is a node and its branches over time.
type Plot struct {
	Metric   string    `json:"metric"` // or the ratio's name
	Matchers []Matcher `json:"matchers,omitempty"`
	By       string    `json:"by,omitempty"`
	Mode     string    `json:"mode,omitempty"` // of a ratio
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

// Signals are the golden signals of a scope, from the metrics and ratios below it
// that are declared to have a role. A signal without any is absent.
type Signals struct {
	Path string `json:"path"`
	// Traffic adds up, Errors divides sums, Latency merges buckets before any
	// quantile, and Saturation is the largest.
	Traffic    *Signal `json:"traffic,omitempty"`
	Errors     *Signal `json:"errors,omitempty"`
	Latency    *Signal `json:"latency,omitempty"`
	Saturation *Signal `json:"saturation,omitempty"`
}

// Signal is one golden signal of a scope.
type Signal struct {
	Reading Reading `json:"reading"`
	// At is the moment of the reading, in Unix milliseconds.
	At int64 `json:"at,omitempty"`
	// Ratio holds the sums of Errors.
	Ratio *RatioParts `json:"ratio,omitempty"`
	// Parts name the metrics and ratios it is made of, sorted.
	Parts    []string `json:"parts"`
	Omitted  int      `json:"omitted,omitempty"` // parts beyond a limit
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"`
}
