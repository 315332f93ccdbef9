package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"go.yaml.in/yaml/v3"
)

// waiver is one entry of a file of waivers.
type waiver struct {
	Rule   string `yaml:"rule" json:"rule"`
	Metric string `yaml:"metric" json:"metric"`
	Reason string `yaml:"reason" json:"reason"`
}

// maxWaiverFile bounds a file of waivers, in bytes.
const maxWaiverFile = 1 << 20

// readWaivers reads a file of waivers; no path is no file. Errors name the file
// and, where there is one, the line.
func readWaivers(path string) ([]naming.Waiver, error) {
	if path == "" {
		return nil, nil
	}
	content, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("--waivers=%s: %w: give a YAML file of waivers, of 1 MiB at most", path, err)
	}
	var document struct {
		Waivers []yaml.Node `yaml:"waivers"`
	}
	if err := decodeStrictly(content, &document); err != nil {
		return nil, fmt.Errorf("%s: %w: see metertree lint --help for an example", path, err)
	}
	var list []naming.Waiver
	for _, node := range document.Waivers {
		w, err := oneWaiver(node)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, node.Line, err)
		}
		list = append(list, w)
	}
	return list, nil
}

// readSmall reads a file that nobody expects to be large.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		var known *os.PathError
		if errors.As(err, &known) {
			err = known.Err
		}
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxWaiverFile+1))
	if err == nil && len(content) > maxWaiverFile {
		err = errTooLarge
	}
	return content, err
}

// decodeStrictly decodes one YAML document without unknown keys.
func decodeStrictly(content []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	switch {
	case err == io.EOF:
		return errors.New("there is nothing in it")
	case err != nil:
		return errors.New(strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "yaml: "))
	case decoder.Decode(new(yaml.Node)) != io.EOF:
		return errors.New("there is more than one document in it")
	}
	return nil
}

func oneWaiver(node yaml.Node) (naming.Waiver, error) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch key := node.Content[i].Value; key {
		case "rule", "metric", "reason":
		default:
			return naming.Waiver{}, fmt.Errorf("unknown key %q: a waiver has rule, metric and reason", key)
		}
	}
	var w waiver
	if err := node.Decode(&w); err != nil {
		return naming.Waiver{}, errors.New("a waiver has rule, metric and reason, each of which is text")
	}
	checked := naming.Waiver{Rule: w.Rule, Metric: policy.Pattern(w.Metric), Reason: strings.TrimSpace(w.Reason)}
	return checked, checked.Validate()
}
