package prometheus

import (
	"fmt"
	"strconv"
	"strings"
)

// sample is one line as the test's own reader understands it. The reader is
// written from the format's description and shares nothing with the writer.
type sample struct {
	name   string
	labels map[string]string
	value  float64
	// exemplar is what follows the value.
	exemplar string
}

// readText reads samples. It is strict: anything unexpected is an error.
func readText(text string) (samples []sample, err error) {
	for number, line := range strings.SplitAfter(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s, err := readLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", number+1, line, err)
		}
		samples = append(samples, s)
	}
	return samples, nil
}

func readLine(line string) (s sample, err error) {
	line, ended := strings.CutSuffix(line, "\n")
	if !ended {
		return s, fmt.Errorf("no line end")
	}
	end := strings.IndexAny(line, "{ ")
	if end <= 0 {
		return s, fmt.Errorf("no name")
	}
	s.name, s.labels = line[:end], map[string]string{}
	rest := line[end:]
	if rest[0] == '{' {
		if rest, err = s.readLabels(rest[1:]); err != nil {
			return s, err
		}
	}
	value, found := strings.CutPrefix(rest, " ")
	if !found {
		return s, fmt.Errorf("no space before the value %q", rest)
	}
	value, s.exemplar, _ = strings.Cut(value, " # ")
	s.value, err = strconv.ParseFloat(value, 64)
	return s, err
}

// readLabels reads up to and including the closing brace.
func (s *sample) readLabels(text string) (rest string, err error) {
	for {
		name, after, found := strings.Cut(text, `="`)
		if !found {
			return "", fmt.Errorf("no label in %q", text)
		}
		var value strings.Builder
		i := 0
		for ; i < len(after) && after[i] != '"'; i++ {
			if after[i] != '\\' {
				value.WriteByte(after[i])
				continue
			}
			i++
			plain, known := map[byte]byte{'\\': '\\', '"': '"', 'n': '\n'}[after[i]]
			if !known {
				return "", fmt.Errorf("unknown escape \\%c", after[i])
			}
			value.WriteByte(plain)
		}
		if i == len(after) {
			return "", fmt.Errorf("value of %s has no end", name)
		}
		if _, twice := s.labels[name]; twice {
			return "", fmt.Errorf("label %s twice", name)
		}
		s.labels[name] = value.String()
		text = after[i+1:]
		if rest, closed := strings.CutPrefix(text, "}"); closed {
			return rest, nil
		}
		if text, found = strings.CutPrefix(text, ","); !found {
			return "", fmt.Errorf("neither , nor } at %q", text)
		}
	}
}

// originalBytes undoes what the package comment says is done to bytes that are
// not UTF-8.
func originalBytes(value string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "\uFFFD")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		value = after
		if len(after) >= 2 && isLowerHex(after[0]) && isLowerHex(after[1]) {
			n, err := strconv.ParseUint(after[:2], 16, 8)
			if err != nil {
				panic(err)
			}
			b.WriteByte(byte(n))
			value = after[2:]
			continue
		}
		b.WriteString("\uFFFD")
	}
}

func isLowerHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
