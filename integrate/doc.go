// Package integrate chooses what is exported of each metric, and makes it: which
// labels, what of the values, under which name. The registry keeps every label;
// an Integrator merges series when they are collected, never when they are
// updated.
//
// Views say what to change. A Grouping says which labels are exported where no
// view names them. An integrator is either stateless, and gives what was counted
// since the last delivery (metric.Delta), or stateful, and gives totals
// (metric.Cumulative). Sums add up, histograms merge their buckets, and gauges
// combine by their declared fold; nothing that cannot be merged exactly is
// merged.
package integrate
