// Package metric is the data model that every layer shares: what an instrument
// is (Descriptor), which series it has (Labels) and what a collection reads
// from it (Family, Point). It holds no behaviour beyond validation.
package metric
