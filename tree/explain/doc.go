// Package explain answers "why did it change?": given the leaves of a node in
// two windows, it ranks the branches that account for the change of the parent.
//
// A leaf is one label set with a value before and after. A branch is a
// conjunction of one or two label values, such as region="eu" or region="eu"
// and version="2". [Sum] explains metrics whose parent is the sum of its leaves,
// [Ratio] those whose parent is Σ numerator / Σ denominator.
//
// # Method
//
// A branch is blamed only for moving unlike the rest. Every candidate is compared
// with the leaves outside it: after/before within against after/before without,
// in units of the noise that the leaves themselves show. The candidate that
// stands out most is taken, its leaves are set aside, and the rest is searched
// again until nothing stands out beyond what the number of candidates would
// give by chance. What everything shares, such as ten percent of growth, is
// the factor of the rest and blames nobody.
//
//   - The comparison is a scan statistic over subgroups: Kulldorff, "A spatial
//     scan statistic", 1997; Neill, "Fast subset scan for spatial pattern
//     detection", JRSS B 2012. Its score is largest at the cause itself: a wider
//     branch dilutes it, a narrower one holds only a part of it.
//   - Noise is quasi-Poisson with an additional part proportional to the value
//     (Wedderburn, "Quasi-likelihood functions", Biometrika 1974), estimated by
//     medians so that the cause does not hide itself. The values of a label that
//     vary among themselves raise the bar for that label, an empirical null
//     (Efron, JASA 2004).
//   - Rates of a ratio are compared within each leaf by Mantel-Haenszel weights,
//     which sparse leaves do not bias (Greenland and Robins, "Estimation of a
//     common effect parameter from sparse follow-up data", Biometrics 1985).
//   - The change of a ratio is split into rate and mix effects by the midpoint
//     rule, which for two factors is also their Shapley value (Kitagawa,
//     "Components of a difference between two rates", JASA 1955).
//   - That every leaf of a cause moves by the same factor is the ripple effect of
//     HotSpot and Squeeze (Li et al., "Generic and robust localization of
//     multi-dimensional root causes", ISSRE 2019); contribution against surprise
//     is Adtributor's pair of questions (Bhagwan et al., "Adtributor: revenue
//     debugging in advertising systems", NSDI 2014), a rival in the evaluation.
//
// docs/explain.md explains it to readers on call, with the evaluation.
//
// # Exactness
//
// A leaf counts in one branch at most, so contributions and remainder are sums
// over a partition of the leaves. Their sum equals the change but for rounding:
// the difference is within 1e-9 of the larger of the parent's values and the sum
// of absolute leaf changes, whatever the number of leaves.
//
// Functions are pure, safe for concurrent use, and give the same answer bit for
// bit in whatever order labels and leaves come.
package explain
