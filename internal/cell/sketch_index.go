package cell

import "math/bits"

//go:generate go run sketch_bounds_gen.go

// A sketch at scale s has 2^s buckets between a power of two and the next.
// Bucket i holds the magnitudes above base^i and up to base^(i+1), bound
// included, with base = 2^(2^-s); this is the numbering of OpenTelemetry's
// exponential histogram. Two neighbouring buckets, the even one first, make one
// bucket of the next coarser scale, so an index is made coarser by a shift.
//
// The index at the finest scale is found without a logarithm, by the lookup
// table that OpenTelemetry's metrics data model describes for positive scales
// (as used before it by DynaHist): the exponent gives the power of two, and the
// leading bits of the fraction pick one of twice as many equal cells as there
// are buckets. No cell holds more than one bucket bound, because a bucket is
// nowhere narrower than a cell, so a single comparison completes the search.

const (
	// SketchMaxScale is the finest scale, at which buckets grow by 0.27 %.
	SketchMaxScale = 8
	// SketchMinScale is the coarsest scale; any float64 is in one of three
	// buckets there.
	SketchMinScale = -10

	sketchPerOctave = 1 << SketchMaxScale
	sketchCellBits  = SketchMaxScale + 1

	fractionBits = 52
	fractionMask = 1<<fractionBits - 1
	exponentBias = 1023
	signBit      = 1 << 63
)

// sketchCells holds, for each cell, in the upper bits how many bucket bounds
// lie below the cell, and in the lower 52 the bound inside it, or a number that
// no fraction exceeds.
var sketchCells = newSketchCells()

func newSketchCells() (cells [1 << sketchCellBits]uint64) {
	below := 0
	for i := range cells {
		bound := uint64(fractionMask)
		if below < len(sketchBounds) && sketchBounds[below]>>(fractionBits-sketchCellBits) == uint64(i) {
			bound = sketchBounds[below]
		}
		cells[i] = uint64(below)<<fractionBits | bound
		if bound != fractionMask {
			below++
		}
	}
	return cells
}

// sketchIndex returns the index, at the finest scale, of the bucket for the
// positive finite float that has the given bits.
func sketchIndex(magnitude uint64) int {
	exponent := int(magnitude >> fractionBits)
	fraction := magnitude & fractionMask
	if exponent == 0 {
		exponent, fraction = normalise(fraction)
	}
	cell := sketchCells[fraction>>(fractionBits-sketchCellBits)]
	// The difference is negative, and its top bit set, above the bound.
	above := (cell&fractionMask - fraction) >> 63
	return (exponent-exponentBias)<<SketchMaxScale + int(cell>>fractionBits+above) - 1
}

// normalise returns exponent and fraction as a subnormal float would have them
// if exponents went below zero.
func normalise(fraction uint64) (int, uint64) {
	shift := bits.LeadingZeros64(fraction) - (63 - fractionBits)
	return 1 - shift, fraction << shift & fractionMask
}
