// Package tenant bounds how many tenants have series of their own. A Guard
// admits the busiest ones, up to a limit; the label value of the rest is
// policy.Overflow, and that of work for no tenant policy.Unknown.
//
// # Updates
//
// Resolve is the decision: it reads an immutable map behind an atomic pointer,
// and neither locks, waits nor allocates, whatever it is given. It also counts
// traffic, in memory of a fixed size.
//
// # Rebalancing
//
// Rebalance is called at intervals. It evicts tenants that are idle, admits the
// busiest of the others while there is room, and then lets a busier tenant take
// the place of a less busy one, with hysteresis: only after a minimum stay, and
// only if it is busier by a margin. Traffic is an exponentially decayed count of
// updates.
//
// Who is busy among tenants that are not admitted is found with the Space-Saving
// algorithm (Metwally, Agrawal, El Abbadi, 2005), run separately on each of many
// small groups into which a keyed hash puts tenants: with 8 counters for a
// group of n updates, a count is too high by n/8 at most, and a tenant with more
// than n/8 is certain to have one. Candidates are ranked by what they have had at least, so that a flood
// of forged tenants, each seen once, cannot push out one that is real.
//
// # Totals
//
// An update counts under exactly one value, so totals are exact when the caller
// treats the series of tenants that lose their place as Disposal says. A registry
// does so on its own if Guard.Label is the normaliser of a metric's labels; others
// follow what Rebalance returns. For every
// additive metric and at each collection, the sum over the exposed tenants,
// Overflow and Unknown, and over those that were released as any idle series is
// forgotten, is the number of updates that were made.
package tenant
