package prom

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/config"
	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
)

// remedies say what to do about each section of a Prometheus configuration that
// metertree has no use for.
var remedies = map[string]string{
	"alerting":            "metertree sends no alerts: remove it and let a Prometheus server evaluate alerts",
	"rule_files":          "metertree evaluates no rules: remove it and let a Prometheus server evaluate rules",
	"scrape_config_files": "put the jobs under scrape_configs in this file",
	"remote_read":         "metertree reads its own storage only: remove it",
	"storage":             "use the flags --storage.path, --storage.retention and --storage.out-of-order-window instead",
	"tracing":             "metertree sends no traces: remove it",
	"runtime":             "use the flag --log.level and the environment variable GOGC instead",
}

// understood are the sections that metertree uses.
const understood = "global, scrape_configs, remote_write and otlp"

// checkSections refuses the sections that Prometheus knows and metertree does
// not use, with the line of the first. An empty section is let through.
func checkSections(path string, content []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: not YAML: %s: correct the indentation or quoting there", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: expected keys such as scrape_configs at the top: see --help for an example", path, root.Line)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		remedy, refused := remedies[key.Value]
		if refused && !isEmpty(value) {
			return fmt.Errorf("%s:%d: section %q is not supported: %s (metertree understands %s)", path, key.Line, key.Value, remedy, understood)
		}
	}
	return checkGlobal(path, root)
}

// checkGlobal refuses the global keys that would silently do nothing.
func checkGlobal(path string, root *yaml.Node) error {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "global" {
			continue
		}
		global := root.Content[i+1]
		for j := 0; j+1 < len(global.Content); j += 2 {
			if key := global.Content[j]; key.Value == "query_log_file" {
				return fmt.Errorf("%s:%d: key %q is not supported: metertree writes no query log: remove it", path, key.Line, key.Value)
			}
		}
	}
	return nil
}

func isEmpty(n *yaml.Node) bool {
	return n.Tag == "!!null" || (n.Kind != yaml.ScalarNode && len(n.Content) == 0)
}

var unknownKey = regexp.MustCompile(`^line (\d+): field (\S+) (?:not found in type|already set in type)`)

// explainYAML turns the parser's error into one line with the remedy.
func explainYAML(path string, err error) error {
	var typeErr *yamlv2.TypeError
	if !errors.As(err, &typeErr) || len(typeErr.Errors) == 0 {
		return fmt.Errorf("%s: %s: correct it and try again", path, oneLine(err.Error()))
	}
	first, more := typeErr.Errors[0], ""
	if n := len(typeErr.Errors) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	if m := unknownKey.FindStringSubmatch(first); m != nil {
		problem := "unknown key"
		if strings.Contains(first, "already set") {
			problem = "repeated key"
		}
		return fmt.Errorf("%s:%s: %s %q: %s%s", path, m[1], problem, m[2], keyRemedy(m[2]), more)
	}
	if line, rest, ok := strings.Cut(strings.TrimPrefix(first, "line "), ": "); ok {
		return fmt.Errorf("%s:%s: %s: correct the value%s", path, line, oneLine(rest), more)
	}
	return fmt.Errorf("%s: %s: correct the value%s", path, oneLine(first), more)
}

func keyRemedy(key string) string {
	if strings.HasSuffix(key, "_sd_configs") {
		return "metertree finds targets by static_configs, file_sd_configs and http_sd_configs: use one of these"
	}
	if near := nearestKey(key); near != "" && near != key {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "remove it or move it to the section it belongs to"
}

// nearestKey is the known configuration key that is a few edits away, the fewer
// the shorter the key, or empty.
func nearestKey(key string) string {
	best, bestDistance := "", 1+min(3, max(1, len(key)/4))
	for _, known := range knownKeys() {
		if d := editDistance(key, known); d < bestDistance {
			best, bestDistance = known, d
		}
	}
	return best
}

// knownKeys are all YAML keys that the supported sections may hold, sorted.
func knownKeys() []string {
	seen := map[reflect.Type]bool{}
	keys := map[string]bool{"static_configs": true, "file_sd_configs": true, "http_sd_configs": true}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for field := range t.Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" && name != "-" {
				keys[name] = true
			}
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[config.Config]())
	for section := range remedies {
		delete(keys, section)
	}
	sorted := make([]string, 0, len(keys))
	for key := range keys {
		sorted = append(sorted, key)
	}
	slices.Sort(sorted)
	return sorted
}

// editDistance is the Levenshtein distance between a and b, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
