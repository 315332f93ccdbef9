package cell

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// precise is enough to tell a bound from every float64.
const precise = 256

// boundAt returns 2^(k/256) for 0 <= k < 256, computed by square roots alone.
func boundAt(k int) *big.Float {
	bound := big.NewFloat(1).SetPrec(precise)
	root := big.NewFloat(2).SetPrec(precise)
	for bit := sketchPerOctave / 2; bit > 0; bit /= 2 {
		root.Sqrt(root)
		if k&bit != 0 {
			bound.Mul(bound, root)
		}
	}
	return bound
}

func TestSketchBoundsAreExact(t *testing.T) {
	for k, got := range sketchBounds {
		fraction := boundAt(k)
		fraction.Sub(fraction, big.NewFloat(1))
		want, _ := fraction.SetMantExp(fraction, fractionBits).Uint64()
		if got != want {
			t.Errorf("bound %d = %#x, want %#x: run go generate", k, got, want)
		}
	}
}

// inBucket tells whether base^index < v <= base^(index+1) at the finest scale,
// without rounding.
func inBucket(v float64, index int) bool {
	power := func(i int) *big.Float {
		b := boundAt(i & (sketchPerOctave - 1))
		return b.SetMantExp(b, i>>SketchMaxScale)
	}
	x := big.NewFloat(v)
	return power(index).Cmp(x) < 0 && x.Cmp(power(index+1)) <= 0
}

func TestSketchIndexIsExact(t *testing.T) {
	values := []float64{
		1, 2, 4, 0.5, 3, 1e-300, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64,
		0x1p-1022, 0x1p-1023, 0x1.8p-1030, math.Nextafter(1, 2), math.Nextafter(1, 0),
	}
	for k, bound := range sketchBounds {
		for _, fraction := range []uint64{bound - 1, bound, bound + 1} {
			values = append(values, math.Float64frombits(uint64(exponentBias+k%7)<<fractionBits+fraction))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		if v := math.Float64frombits(random.Uint64() &^ signBit); !math.IsNaN(v) && !math.IsInf(v, 0) && v > 0 {
			values = append(values, v)
		}
	}
	for _, v := range values {
		if got := sketchIndex(math.Float64bits(v)); !inBucket(v, got) {
			t.Errorf("index of %v = %d, which does not hold it", v, got)
		}
	}
}

func TestSketchIndexOfPowersOfTwo(t *testing.T) {
	tests := []struct {
		v     float64
		scale int
		want  int
	}{
		{1, 0, -1}, {2, 0, 0}, {3, 0, 1}, {4, 0, 1}, {4.1, 0, 2},
		{1, 8, -1}, {2, 8, 255}, {math.Nextafter(2, 3), 8, 256},
		{1, -1, -1}, {4, -1, 0}, {5, -1, 1},
		{math.MaxFloat64, 0, 1023}, {math.SmallestNonzeroFloat64, 0, -1075},
		{math.MaxFloat64, SketchMinScale, 0}, {math.SmallestNonzeroFloat64, SketchMinScale, -2},
	}
	for _, tt := range tests {
		got := sketchIndex(math.Float64bits(tt.v)) >> (SketchMaxScale - tt.scale)
		if got != tt.want {
			t.Errorf("index of %v at scale %d = %d, want %d", tt.v, tt.scale, got, tt.want)
		}
	}
}

func BenchmarkSketchIndex(b *testing.B) {
	bits, sum := math.Float64bits(1.5), 0
	for b.Loop() {
		sum += sketchIndex(bits)
		bits += 1 << 40
	}
	if sum == 0 {
		b.Fatal("no index")
	}
}
