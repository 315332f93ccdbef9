// Package metric is the data model that every layer shares: what an instrument
// is (Descriptor), which series it has (Labels) and what a collection reads
// from it (Family, Point), and how two sums of it divide (Ratio). It holds no
// behaviour beyond validation, that arithmetic, and how declarations travel.
package metric
