package promtree

import (
	"reflect"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// counting asks how many series and streams the groups of a query have: one
// expression for all parts that are narrowed alike.
type counting struct {
	by   string
	sets []countSet
}

// countSet is what one expression counts.
type countSet struct {
	where metric.Matchers
	parts []tree.Part
	expr  expr
}

// newCounting prepares to count. Buckets are told apart for a single node, where
// they are few, and where nothing else counts the streams.
func newCounting(q tree.Query) counting {
	c := counting{by: q.By}
	for _, p := range q.Parts() {
		i := slices.IndexFunc(c.sets, func(s countSet) bool { return reflect.DeepEqual(s.where, p.Where) })
		if i < 0 {
			i = len(c.sets)
			c.sets = append(c.sets, countSet{where: p.Where})
		}
		c.sets[i].parts = append(c.sets[i].parts, p)
	}
	for i := range c.sets {
		c.sets[i].expr = c.sets[i].of(q)
	}
	return c
}

func (s countSet) of(q tree.Query) expr {
	var names []string
	told := false // whether buckets are told apart
	for _, p := range s.parts {
		names = append(names, storedNames(p.Family)...)
		told = told || onlyBuckets(p.Family) || q.By == "" && p.Family.HasPart("_bucket") && bucketed(p.Family)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	by := grouping(q)
	if told {
		by = grouping(q, bucketLabel)
	}
	if len(names) > 1 || told {
		by = append([]string{nameLabel}, by...)
	}
	return count.by(stored(q, s.parts[0], names...), by...)
}

func (c counting) exprs() []expr {
	out := make([]expr, len(c.sets))
	for i, s := range c.sets {
		out[i] = s.expr
	}
	return out
}

// read adds the counts to the groups, and reports whether histograms with unlike
// bounds are among them, if their buckets were told apart: a bound that some have
// and others lack is counted less often than the last.
func (c counting) read(answers [][]Sample, groups groupSet) (mixed bool) {
	bounds := make(map[string]float64)
	for i, s := range c.sets {
		for _, sample := range answers[i] {
			g := groups.at(valueOf(sample.Labels, c.by))
			name, bound := valueOf(sample.Labels, nameLabel), valueOf(sample.Labels, bucketLabel)
			for _, p := range s.parts {
				c.add(g, p.Family, name, bound, int(sample.Value))
				if c.by == "" && bucketed(p.Family) && name == p.Family.Name+"_bucket" {
					bounds[bound] += sample.Value
				}
			}
		}
	}
	for _, n := range bounds {
		mixed = mixed || n != bounds[lastBucket]
	}
	return mixed
}

// add counts n series of one name; without a name they are those of the value.
func (c counting) add(g *tree.Group, f tree.Family, name, bound string, n int) {
	if name != "" && !slices.Contains(storedNames(f), name) {
		return
	}
	g.Series += n
	if name == "" || name == valueName(f) && (!onlyBuckets(f) || bound == lastBucket) {
		g.Streams += n
	}
}
