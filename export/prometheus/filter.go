package prometheus

import (
	"iter"
	"strings"

	"github.com/metertree/metertree/metric"
)

// filterKey is the query parameter that names what to expose. It may come more
// than once.
const filterKey = "name[]"

// names is a set of suffixes, as bits, by the names of families to which those
// may belong.
type names map[string]uint16

const (
	bare = 1 << iota
	// familyName is for OpenMetrics, where a counter's has no _total.
	familyName
	createdSuffix
	bucketSuffix
	sumSuffix
	countSuffix
	minSuffix
	maxSuffix
	quantileSuffix
)

var sampleSuffixes = map[string]uint16{
	"_created": createdSuffix, "_bucket": bucketSuffix, "_sum": sumSuffix, "_count": countSuffix,
	"_min": minSuffix, "_max": maxSuffix, "_quantile": quantileSuffix,
}

// newNames returns the families that have one of the names or a sample of it;
// nil means all.
func newNames(wanted []string) names {
	if len(wanted) == 0 {
		return nil
	}
	n := names{}
	for _, name := range wanted {
		n[name] |= bare
		n[name+"_total"] |= familyName
		for suffix, bit := range sampleSuffixes {
			if base, ends := strings.CutSuffix(name, suffix); ends {
				n[base] |= bit
			}
		}
		if base, ends := strings.CutSuffix(name, "_created"); ends {
			n[base+"_total"] |= familyName
		}
	}
	return n
}

// match reports whether one of the family's names is wanted.
func (n names) match(d *metric.Descriptor) bool {
	has := uint16(bare)
	switch d.Kind {
	case metric.Counter:
		has |= familyName
	case metric.Histogram:
		has |= createdSuffix | sumSuffix | countSuffix
		switch formOf(d) {
		case formBuckets:
			has |= bucketSuffix
		case formExtremes:
			has |= minSuffix | maxSuffix
		case formExact:
			has |= quantileSuffix
		}
	}
	return n[d.Name]&has != 0
}

// of leaves out the families that are not wanted, without reading them.
func (n names) of(all iter.Seq[*metric.Family]) iter.Seq[*metric.Family] {
	if n == nil {
		return all
	}
	return func(yield func(*metric.Family) bool) {
		for f := range all {
			if n.match(&f.Descriptor) && !yield(f) {
				return
			}
		}
	}
}
