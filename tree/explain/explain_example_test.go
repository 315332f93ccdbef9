package explain_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/tree/explain"
)

func ExampleSum() {
	// Requests per second, before and after.
	leaves := []explain.Leaf{
		{Values: []string{"eu", "1"}, Before: 400, After: 436},
		{Values: []string{"eu", "2"}, Before: 100, After: 310},
		{Values: []string{"us", "1"}, Before: 300, After: 333},
		{Values: []string{"us", "2"}, Before: 120, After: 131},
		{Values: []string{"ap", "1"}, Before: 200, After: 221},
		{Values: []string{"ap", "2"}, Before: 80, After: 88},
	}
	e, err := explain.Sum(context.Background(), []string{"region", "version"}, leaves, explain.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(e)
	// Output:
	// 1200 → 1519, change +319
	// 1. region="eu",version="2": 100 → 310, contributes +210 (+65.8 %)
	// rest, by a factor of 1.099: 1100 → 1209, contributes +109 (+34.2 %)
}

func ExampleRatio() {
	e, err := explain.Ratio(context.Background(), []string{"region", "version", "device"}, checkoutErrors(), explain.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(e)
	// Output:
	// 0.02073 → 0.03252, change +0.0118 = rates +0.005794, mix +0.006002
	// 1. region="eu",version="2": 0.02096 → 0.05777, contributes +0.007577 (+64.2 %) = rate +0.005794, mix +0.001783; share 0.204 → 0.205
	// 2. device="mobile" without 1: 0.034 → 0.034, contributes +0.00422 (+35.8 %) = rate +0, mix +0.00422; share 0.354 → 0.53
	// rest, by a factor of 1: 0.01 → 0.01, contributes +0 (+0.0 %) = rate +0, mix +0; share 0.442 → 0.265
}

// checkoutErrors are errors and requests per minute, before and after. Version 2
// fails in eu, and a campaign brings mobile devices, which always failed more.
func checkoutErrors() (leaves []explain.RatioLeaf) {
	for i, region := range []string{"eu", "us", "ap"} {
		for j, version := range []string{"1", "2"} {
			for k, device := range []string{"desktop", "mobile"} {
				before := float64(9000 - 2000*i - 1500*j - 1200*k)
				after, rate := before*[]float64{1, 2.5}[k], []float64{0.010, 0.034}[k]
				l := explain.RatioLeaf{Values: []string{region, version, device},
					NumBefore: rate * before, DenBefore: before, NumAfter: rate * after, DenAfter: after}
				if region == "eu" && version == "2" {
					l.NumAfter *= 2.2
				}
				leaves = append(leaves, l)
			}
		}
	}
	return leaves
}
