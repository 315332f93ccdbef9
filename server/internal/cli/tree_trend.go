package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/metertree/metertree/tree"
)

const (
	// trendPoints is how many instants are asked for, and trendWidth how many are
	// drawn.
	trendPoints = 15
	trendWidth  = 16
	// trendLines is how many branches of a node are drawn.
	trendLines = 20
)

// trend reads how a node and its branches went.
func (g *grower) trend(ctx context.Context, b *branch) error {
	if g.window == 0 || !g.mayAsk() || b.Type == tree.NodeValue && len(b.Children) == 0 {
		return nil
	}
	req := tree.PlotRequest{Selector: b.selector(), Window: g.window, Points: trendPoints, Lines: trendLines, Mode: g.modeOf(b)}
	for _, c := range b.Children {
		if c.Type == tree.NodeValue {
			req.By = c.Label
		}
	}
	plot, err := g.place.Plot(ctx, req)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case errors.Is(err, tree.ErrNoHistory):
		g.notice(fmt.Sprintf("how values went is not known: %v", err))
		return nil
	case err != nil:
		b.Warnings = append(b.Warnings, fmt.Sprintf("how it went cannot be read: %v", err))
		return nil
	}
	lines := make(map[string][]tree.Number)
	for _, line := range plot.Lines {
		if line.Type == tree.NodeValue {
			lines[line.Name] = line.Points
		} else if b.Trend == nil {
			b.Trend = line.Points
		}
	}
	for _, c := range b.Children {
		if c.Type == tree.NodeValue {
			c.Trend = lines[c.Name]
		}
	}
	return nil
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// sparkline draws numbers as blocks, the least lowest and the most highest; what
// does not change is in the middle, or at the bottom if it is 0. A dot is no data.
func sparkline(points []tree.Number) string {
	points = points[max(0, len(points)-trendWidth):]
	least, most := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		if v := float64(p); !math.IsNaN(v) && !math.IsInf(v, 0) {
			least, most = min(least, v), max(most, v)
		}
	}
	var b strings.Builder
	for _, p := range points {
		switch v := float64(p); {
		case math.IsNaN(v):
			b.WriteRune('·')
		case math.IsInf(v, 0):
			b.WriteRune('∞')
		case most > least:
			// Halves, because the difference of two numbers may be too large for one.
			part := (v/2 - least/2) / (most/2 - least/2)
			b.WriteRune(blocks[min(int(part*float64(len(blocks))), len(blocks)-1)])
		case v == 0:
			b.WriteRune(blocks[0])
		default:
			b.WriteRune(blocks[len(blocks)/2-1])
		}
	}
	return b.String()
}
