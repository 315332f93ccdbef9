package tree_test

import (
	"testing"

	"github.com/metertree/metertree/tree/treetest"
)

// TestGolden runs the scripts of testdata. A new case is a few lines there; see
// package treetest.
func TestGolden(t *testing.T) { treetest.Run(t, "testdata/*.tree", treetest.Snapshot) }

// TestRandom checks the rules of a tree, and every value, with generated data.
func TestRandom(t *testing.T) { treetest.RunRandom(t, 50, treetest.Snapshot) }

// TestRatios checks random ratios against their rules.
func TestRatios(t *testing.T) { treetest.RunRatios(t, 30, treetest.Snapshot) }
