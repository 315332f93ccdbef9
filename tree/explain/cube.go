package explain

// axis is a way to cut the leaves: by one label or by a pair of labels. Every
// leaf lies in one cell.
type axis struct {
	first, second int // indices of labels; second is -1 for one label
	cells         int
	cell          []int32 // of each leaf
	witness       []int32 // of each cell, a leaf in it
}

func (a axis) pair() bool { return a.second >= 0 }

// axes lists the ways to cut that differ: a label of one value cuts nothing,
// and a pair in which one label follows from the other cuts like that other.
func (t *table) axes() []axis {
	var all []axis
	for l := range t.labels {
		if len(t.values[l]) > 1 {
			all = append(all, newAxis(l, -1, t.codes[l], nil))
		}
	}
	singles := len(all)
	for i := range singles {
		for j := i + 1; j < singles; j++ {
			p := newAxis(all[i].first, all[j].first, all[i].cell, all[j].cell)
			if p.cells > all[i].cells && p.cells > all[j].cells {
				all = append(all, p)
			}
		}
	}
	return all
}

func newAxis(first, second int, a, b []int32) axis {
	x := axis{first: first, second: second, cell: make([]int32, len(a))}
	ids := map[[2]int32]int32{}
	for i := range a {
		key := [2]int32{a[i], -1}
		if b != nil {
			key[1] = b[i]
		}
		id, known := ids[key]
		if !known {
			id = int32(len(x.witness))
			ids[key] = id
			x.witness = append(x.witness, int32(i))
		}
		x.cell[i] = id
	}
	x.cells = len(x.witness)
	return x
}

// matchers name a cell.
func (t *table) matchers(a axis, cell int32) []Matcher {
	leaf := a.witness[cell]
	named := []Matcher{t.matcher(a.first, leaf)}
	if a.pair() {
		named = append(named, t.matcher(a.second, leaf))
	}
	return named
}

func (t *table) matcher(label int, leaf int32) Matcher {
	return Matcher{Label: t.labels[label], Value: t.values[label][t.codes[label][leaf]]}
}
