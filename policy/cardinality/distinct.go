package cardinality

import (
	"math"
	"math/bits"
)

// ExactValues is how many different values are counted exactly; more are
// estimated.
const ExactValues = 1024

const (
	// precision makes 4096 registers of HyperLogLog, and a standard error of
	// 1.04/64.
	precision = 12
	registers = 1 << precision
)

// StandardError is that of numbers which are estimates, as a share of them.
const StandardError = 1.04 / 64

// distinct counts different hashes: as a set, and once that is large with
// HyperLogLog. The zero value is empty.
type distinct struct {
	exact     map[uint64]struct{}
	estimated *[registers]uint8
}

func (d *distinct) add(hash uint64) {
	if d.estimated != nil {
		d.raise(hash)
		return
	}
	if d.exact == nil {
		d.exact = map[uint64]struct{}{}
	}
	d.exact[hash] = struct{}{}
	if len(d.exact) <= ExactValues {
		return
	}
	d.estimated = new([registers]uint8)
	for known := range d.exact {
		d.raise(known)
	}
	d.exact = nil
}

func (d *distinct) raise(hash uint64) {
	register := hash >> (64 - precision)
	// The guard bit bounds the rank where all others are zero.
	rank := uint8(bits.LeadingZeros64(hash<<precision|1<<(precision-1)) + 1)
	d.estimated[register] = max(d.estimated[register], rank)
}

// count returns the number of different hashes.
func (d *distinct) count() Number {
	if d.estimated == nil {
		return Number{Count: len(d.exact)}
	}
	sum, zeros := 0.0, 0
	for _, rank := range d.estimated {
		sum += math.Ldexp(1, -int(rank))
		if rank == 0 {
			zeros++
		}
	}
	const alpha = 0.7213 / (1 + 1.079/registers)
	estimate := alpha * registers * registers / sum
	if estimate <= 2.5*registers && zeros > 0 {
		estimate = registers * math.Log(registers/float64(zeros))
	}
	return Number{Count: int(math.Round(estimate)), Estimated: true}
}

// clone returns a copy that shares no memory.
func (d *distinct) clone() *distinct {
	copied := &distinct{}
	if d.estimated != nil {
		registers := *d.estimated
		copied.estimated = &registers
		return copied
	}
	copied.exact = make(map[uint64]struct{}, len(d.exact))
	for hash := range d.exact {
		copied.exact[hash] = struct{}{}
	}
	return copied
}
