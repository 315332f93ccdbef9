package otlp

// nothing reports whether the last point of a section of deltas holds none.
func (c *chunk) nothing(s *section) bool {
	switch s.shape {
	case intShape:
		return c.ints[len(c.ints)-1].Value == 0
	case floatShape:
		return c.floats[len(c.floats)-1].Value == 0
	case explicitShape:
		p := &c.explicit[len(c.explicit)-1]
		return p.Count == 0 && p.Sum == 0
	case exponentialShape:
		p := &c.exponential[len(c.exponential)-1]
		return p.Count == 0 && p.Sum == 0
	}
	return false
}

// mark is how much a chunk holds besides points.
type mark struct{ size, counts, bounds, exemplars, ids int }

func (c *chunk) mark() mark {
	return mark{c.size, len(c.counts), len(c.bounds), len(c.exemplars), len(c.ids)}
}

// drop removes the last point of a section, which was added since the mark.
func (c *chunk) drop(s *section, m mark) {
	c.size, c.counts, c.bounds = m.size, c.counts[:m.counts], c.bounds[:m.bounds]
	c.exemplars, c.ids = c.exemplars[:m.exemplars], c.ids[:m.ids]
	switch s.shape {
	case intShape:
		c.ints = c.ints[:len(c.ints)-1]
	case gaugeShape, floatShape:
		c.floats = c.floats[:len(c.floats)-1]
	case explicitShape:
		c.explicit = c.explicit[:len(c.explicit)-1]
	case exponentialShape:
		c.exponential = c.exponential[:len(c.exponential)-1]
	}
}
