package prom

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/metertree/metertree/tree"
)

// Reading an exposition can fail for reasons that call for different remedies.
var (
	ErrExpositionEmpty  = errors.New("no samples")
	ErrExpositionBinary = errors.New("not text")
	ErrExpositionHTML   = errors.New("an HTML page, not metrics")
	ErrExpositionSyntax = errors.New("not a metrics exposition")
	ErrExpositionCut    = errors.New("cut off: an OpenMetrics exposition ends with # EOF")
)

// Format is the format of an exposition.
type Format uint8

// The formats. FormatAny finds out while reading.
const (
	FormatAny Format = iota
	FormatText
	FormatOpenMetrics
)

const (
	chunkSize = 1 << 20  // bytes parsed at once
	lineLimit = 16 << 20 // longest line, far beyond any real one
)

// ReadExposition reads a text exposition, format 0.0.4 or OpenMetrics, and hands
// what it says to a sink, in its order. It reads in chunks of whole lines, so that
// it holds little of the text at a time. An error from r is returned wrapped;
// after an error the sink has got a part.
func ReadExposition(r io.Reader, format Format, to ExpositionSink) error {
	p := expositionParser{format: format, sink: to, symbols: labels.NewSymbolTable()}
	lines := bufio.NewReaderSize(r, 64<<10)
	head, err := lines.Peek(512)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading: %w", err)
	}
	if err := checkHead(head); err != nil {
		return err
	}
	for done := false; !done; {
		chunk, err := nextChunk(lines)
		if err != nil && err != io.EOF {
			return err
		}
		done = err == io.EOF
		if err := p.parse(chunk); err != nil {
			return err
		}
	}
	switch {
	case format == FormatOpenMetrics && !p.ended:
		return ErrExpositionCut
	case p.samples == 0:
		return ErrExpositionEmpty
	}
	return nil
}

// checkHead recognises by its first bytes what cannot be an exposition.
func checkHead(head []byte) error {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(text) == 0:
		return ErrExpositionEmpty
	case bytes.IndexByte(head, 0) >= 0 || !validHead(head):
		return ErrExpositionBinary
	case text[0] == '<':
		return ErrExpositionHTML
	}
	return nil
}

// validHead reports whether head is UTF-8, allowing for a rune cut at its end.
func validHead(head []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}

// nextChunk reads whole lines until there is a chunk of them. With the last one
// it returns io.EOF. The chunk is not reused: the parser may keep parts of it.
func nextChunk(r *bufio.Reader) ([]byte, error) {
	var chunk []byte
	line := 0 // bytes of the line being read
	for {
		part, err := r.ReadSlice('\n')
		chunk = append(chunk, part...)
		line += len(part)
		switch {
		case err == io.EOF:
			if len(chunk) > 0 && chunk[len(chunk)-1] != '\n' {
				chunk = append(chunk, '\n')
			}
			return chunk, io.EOF
		case err == bufio.ErrBufferFull:
			if line > lineLimit {
				return nil, fmt.Errorf("a line longer than %d MiB: %w", lineLimit>>20, ErrExpositionSyntax)
			}
		case err != nil:
			return nil, fmt.Errorf("reading: %w", err)
		default:
			line = 0
			if len(chunk) >= chunkSize {
				return chunk, nil
			}
		}
	}
}

type expositionParser struct {
	format  Format
	sink    ExpositionSink
	symbols *labels.SymbolTable
	samples int
	lines   int  // before the chunk being parsed
	ended   bool // # EOF was seen
}

// parse takes in one chunk of whole lines. The two formats share most lines; the
// first chunk that only OpenMetrics allows decides for the rest.
func (p *expositionParser) parse(chunk []byte) error {
	if bytes.HasSuffix(bytes.TrimRight(chunk, "\r\n"), []byte("# EOF")) {
		p.ended = true
		if p.format == FormatAny {
			p.format = FormatOpenMetrics
		}
	}
	if p.format == FormatOpenMetrics {
		return p.parseAs(chunk, FormatOpenMetrics)
	}
	err := p.check(chunk, FormatText)
	if err == nil {
		return p.parseAs(chunk, FormatText)
	}
	if p.format == FormatAny && p.check(chunk, FormatOpenMetrics) == nil {
		p.format = FormatOpenMetrics
		return p.parseAs(chunk, FormatOpenMetrics)
	}
	return p.locate(chunk, FormatText, err)
}

func (p *expositionParser) parser(chunk []byte, format Format) textparse.Parser {
	if format == FormatOpenMetrics {
		// A chunk is made a whole exposition of its own.
		if !bytes.HasSuffix(chunk, []byte("# EOF\n")) {
			chunk = append(chunk[:len(chunk):len(chunk)], "# EOF\n"...)
		}
		return textparse.NewOpenMetricsParser(chunk, p.symbols)
	}
	return textparse.NewPromParser(chunk, p.symbols, false)
}

// check runs through a chunk without keeping anything.
func (p *expositionParser) check(chunk []byte, format Format) error {
	parser := p.parser(chunk, format)
	for {
		if _, err := parser.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (p *expositionParser) parseAs(chunk []byte, format Format) error {
	parser := p.parser(chunk, format)
	for {
		entry, err := parser.Next()
		if err == io.EOF {
			p.lines += bytes.Count(chunk, []byte("\n"))
			return nil
		}
		if err != nil {
			return p.locate(chunk, format, err)
		}
		p.take(parser, entry)
	}
}

func (p *expositionParser) take(parser textparse.Parser, entry textparse.Entry) {
	switch entry {
	case textparse.EntryType:
		name, typ := parser.Type()
		p.sink.Declare(Declaration{Family: string(name), Type: string(typ)})
	case textparse.EntryHelp:
		name, help := parser.Help()
		p.sink.Declare(Declaration{Family: string(name), Help: string(help)})
	case textparse.EntryUnit:
		name, unit := parser.Unit()
		p.sink.Declare(Declaration{Family: string(name), Unit: string(unit)})
	case textparse.EntrySeries:
		_, _, value := parser.Series()
		var ls labels.Labels
		parser.Labels(&ls)
		p.samples++
		p.sink.Add(tree.Sample{Name: ls.Get(model.MetricNameLabel), Labels: treeLabels(ls), Value: value})
	}
}

// treeLabels leaves out the name and empty values, which are no labels.
func treeLabels(ls labels.Labels) []tree.Label {
	out := make([]tree.Label, 0, ls.Len())
	ls.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && l.Value != "" {
			out = append(out, tree.Label{Name: l.Name, Value: l.Value})
		}
	})
	return out
}

// locate finds the first line at fault, which the parsers do not tell.
func (p *expositionParser) locate(chunk []byte, format Format, err error) error {
	number := p.lines
	for line := range bytes.Lines(chunk) {
		number++
		if lineErr := p.check(line, format); lineErr != nil {
			err = lineErr
			break
		}
	}
	return fmt.Errorf("line %d: %w: %s", number, ErrExpositionSyntax, brief(err.Error()))
}

// brief keeps a parser's message on one line of bearable length.
func brief(s string) string {
	const most = 160
	if len(s) > most {
		s = s[:most]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "…"
	}
	return s
}
