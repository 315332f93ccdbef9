package merge

import (
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// uneven counts the classic histograms, of which every bucket is a counter, whose
// buckets do not have equally many streams. An instance has a stream for each of
// its bounds, so that all have as many unless bounds differ.
func (f *family) uneven() int {
	if f.kind != metric.Counter || f.shape != push.Number || !strings.HasSuffix(f.name, "_bucket") {
		return 0
	}
	streams, uneven := map[string]int{}, map[string]bool{}
	for labels, it := range f.series {
		of := withoutBound(string(labels))
		if n, known := streams[of]; known && n != it.live {
			uneven[of] = true
		}
		streams[of] = it.live
	}
	return len(uneven)
}

// withoutBound cuts the label le, whose value is a number, out of an encoded set.
func withoutBound(labels string) string {
	const key = `le="`
	from := 0
	if !strings.HasPrefix(labels, key) {
		if from = strings.Index(labels, `",`+key); from < 0 {
			return labels
		}
		from += len(`",`)
	}
	size := strings.IndexByte(labels[from+len(key):], '"')
	if size < 0 {
		return labels
	}
	return labels[:from] + labels[from+len(key)+size+1:]
}
