package load

import "strconv"

// ContentType is that of AppendText.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// AppendText appends an instance's series at a tick, in the text format 0.0.4.
// The instance and the job are no labels there: who scrapes adds them.
func (p Population) AppendText(b []byte, instance, tick int) []byte {
	for i := range p.each {
		s := &p.each[i]
		b = append(b, s.text...)
		b = strconv.AppendInt(b, s.value(instance, tick), 10)
		b = append(b, '\n')
	}
	return b
}
