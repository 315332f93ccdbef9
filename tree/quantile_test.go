package tree

import (
	"math"
	"reflect"
	"testing"
)

var inf = math.Inf(1)

func TestBucketQuantile(t *testing.T) {
	plain := []Bucket{{1, 10}, {2, 20}, {4, 30}, {inf, 40}}
	cases := []struct {
		name    string
		q       float64
		buckets []Bucket
		want    float64
	}{
		{"lowest starts at zero", 0.125, plain, 0.5},
		{"on a bound", 0.25, plain, 1},
		{"within", 0.625, plain, 3},
		{"beyond the last bound", 0.99, plain, 4},
		{"zero", 0, plain, 0},
		{"empty", 0.5, []Bucket{{1, 0}, {inf, 0}}, math.NaN()},
		{"no buckets", 0.5, nil, math.NaN()},
		{"no last bucket", 0.5, []Bucket{{1, 1}, {2, 2}}, math.NaN()},
		{"only the last bucket", 0.5, []Bucket{{inf, 3}}, math.NaN()},
		{"negative bound", 0.1, []Bucket{{-5, 10}, {inf, 10}}, -5},
		{"leading empty buckets", 0.5, []Bucket{{1, 0}, {2, 10}, {inf, 10}}, 1.5},
	}
	for _, tc := range cases {
		got := BucketQuantile(tc.q, tc.buckets)
		if got != tc.want && !(math.IsNaN(got) && math.IsNaN(tc.want)) {
			t.Errorf("%s: quantile %v is %v, want %v", tc.name, tc.q, got, tc.want)
		}
	}
}

func TestMergeBuckets(t *testing.T) {
	got := MergeBuckets([][]Bucket{
		{{1, 1}, {5, 4}, {inf, 6}},
		{{2, 10}, {inf, 20}},
	})
	want := []Bucket{{1, 1}, {2, 11}, {5, 14}, {inf, 26}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
