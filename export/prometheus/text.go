package prometheus

// textEncoder writes the text format, version 0.0.4.
type textEncoder struct{ lines }

func (e *textEncoder) begin(b []byte, h *head) []byte {
	e.lines.begin(h)
	if h.help != "" {
		b = comment(b, "# HELP ", e.name)
		b = append(b, h.lead...)
		b = appendHelp(b, h.help)
		b = append(b, '\n')
	}
	b = comment(b, "# TYPE ", e.name)
	b = append(b, textTypes[h.shape]...)
	return append(b, '\n')
}

var textTypes = [...]string{
	unknown: "untyped", counter: "counter", gauge: "gauge", histogram: "histogram", summary: "summary",
}

func (e *textEncoder) histogram(b []byte, d *distribution) []byte {
	b, count := e.bucketLines(b, d.labels, &d.explicit, nil)
	b = e.histogramSum(b, d.explicit.Sum)
	return e.histogramCount(b, count)
}

func (e *textEncoder) totals(b []byte, t *totals) []byte {
	b = e.sum(b, t.labels, t.sum)
	return e.count(b, t.labels, t.count)
}

func (*textEncoder) end(b []byte) []byte     { return b }
func (*textEncoder) finish(b []byte) []byte  { return b }
func (*textEncoder) limit() int              { return flushAt }
func (*textEncoder) suspend(b []byte) []byte { return b }
func (*textEncoder) resume(b []byte) []byte  { return b }
func (*textEncoder) reset()                  {}
