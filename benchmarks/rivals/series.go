package rivals

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/metertree/metertree/benchmarks/work"
)

// Series counts the series of a population's kind in an exposition. Histograms
// of the text formats are counted by their _count samples.
func Series(f work.Format, k work.Kind, exposition io.Reader) (n int, err error) {
	name := map[work.Kind]string{work.Counters: counterName, work.Histograms: histogramName}[k]
	if f == work.Protobuf {
		return messages(name, exposition)
	}
	if k == work.Histograms {
		name += "_count"
	}
	lead := []byte(name + "{")
	lines := bufio.NewScanner(exposition)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), lead) {
			n++
		}
	}
	if err := lines.Err(); err != nil {
		return n, fmt.Errorf("reading line %d: %w", n+1, err)
	}
	return n, nil
}

// messages counts the series of a name in families of length-delimited
// messages. A name may come in several of them.
func messages(name string, exposition io.Reader) (n int, err error) {
	families := expfmt.NewDecoder(exposition, expfmt.NewFormat(expfmt.TypeProtoDelim))
	for {
		var family dto.MetricFamily
		if err := families.Decode(&family); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, fmt.Errorf("decoding what follows %d series: %w", n, err)
		}
		if family.GetName() == name {
			n += len(family.GetMetric())
		}
	}
}
