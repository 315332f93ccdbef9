package aggregator

import "math"

// DistinctState is what a Distinct held at one moment. The zero value is empty.
// It belongs to one goroutine at a time, and to the process: another one hashes
// differently.
//
// There is no Sub: which values were new in a period does not follow from those
// of all time.
type DistinctState struct{ registers [size]uint8 }

// Merge takes in the values of another state. What both have seen counts once.
func (s *DistinctState) Merge(other *DistinctState) {
	for i, rank := range other.registers {
		s.registers[i] = max(s.registers[i], rank)
	}
}

// Count estimates the number of different values, by the improved estimator of
// O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
// (2017), which needs no tables of corrections.
func (s *DistinctState) Count() float64 {
	var with [restBits + 2]float64 // registers by what they hold
	for _, rank := range s.registers {
		with[rank]++
	}
	z := size * tau(1-with[restBits+1]/size)
	for rank := restBits; rank >= 1; rank-- {
		z = (z + with[rank]) / 2
	}
	z += size * sigma(with[0]/size)
	return size * size / (2 * math.Ln2 * z)
}

// sigma is x + Σ x^(2^k)·2^(k-1), for k from 1: the part of registers that were
// never hit.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	sum := x
	for weight := 1.0; ; weight *= 2 {
		x *= x
		before := sum
		sum += x * weight
		if sum == before {
			return sum
		}
	}
}

// tau is (1 - x - Σ (1-x^(2^-k))²·2^-k)/3, for k from 1: the part of registers
// that can hold no more.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	sum := 1 - x
	for weight := 0.5; ; weight /= 2 {
		x = math.Sqrt(x)
		before := sum
		sum -= (1 - x) * (1 - x) * weight
		if sum == before {
			return sum / 3
		}
	}
}
