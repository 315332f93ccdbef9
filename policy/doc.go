// Package policy says what a metric may be called, which labels it may have and
// how many values those may take. Nothing here knows a registry: there are
// tables, pure functions of them and small state machines, and whoever defines
// or admits metrics asks them.
//
//   - Labels says which label names are allowed;
//   - Budgets says how many series a metric and how many values a key may have,
//     and Values keeps a key to it;
//   - Renames says under which names a renamed metric is exposed at a time;
//   - Thresholds says from which number of values on a label is questioned.
//
// The packages below it each keep one larger concept: normalise makes label
// values finite, tenant bounds the tenants that have series of their own,
// naming judges names, and cardinality counts what there is.
package policy
