package inspect

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// relabelConfig is one step of Prometheus's metric_relabel_configs.
type relabelConfig struct {
	SourceLabels []string `yaml:"source_labels,flow"`
	Regex        string   `yaml:"regex"`
	TargetLabel  string   `yaml:"target_label"`
	Replacement  string   `yaml:"replacement"`
}

// RelabelConfigs writes, as YAML for a scrape job of Prometheus, how metrics that
// were renamed are stored under their old names. What cannot be bridged is told in
// comments.
func (d Difference) RelabelConfigs() ([]byte, error) {
	steps := []relabelConfig{}
	notes := []string{"Stores renamed metrics under their old names; put it into their scrape job."}
	for _, r := range d.Renamed {
		if r.units.changed() {
			notes = append(notes, fmt.Sprintf("Not bridged: %s is %s now, in %s instead of %s. Recording rules can convert.", inComment(r.Old), inComment(r.New), inComment(r.units.now), inComment(r.units.old)))
			continue
		}
		for _, p := range r.parts {
			steps = append(steps, relabelConfig{
				SourceLabels: []string{nameLabel},
				Regex:        regexp.QuoteMeta(p.new),
				TargetLabel:  nameLabel,
				Replacement:  strings.ReplaceAll(p.old, "$", "$$"),
			})
		}
	}
	document := struct {
		Configs []relabelConfig `yaml:"metric_relabel_configs"`
	}{steps}
	return encode(append(notes, d.withoutSuccessor()...), document)
}

// recordingRule is a rule of a Prometheus rule file.
type recordingRule struct {
	Record string `yaml:"record"`
	Expr   string `yaml:"expr"`
}

type ruleGroup struct {
	Name  string          `yaml:"name"`
	Rules []recordingRule `yaml:"rules"`
}

// RecordingRules writes, as a rule file of Prometheus, how the old names of
// metrics that were renamed are recorded from the new ones. What cannot be bridged
// is told in comments.
func (d Difference) RecordingRules() ([]byte, error) {
	group := ruleGroup{Name: "renamed-metrics", Rules: []recordingRule{}}
	notes := []string{"Records renamed metrics under their old names, too; add it to rule_files."}
	for _, r := range d.Renamed {
		factor := ""
		if r.units.changed() {
			if r.units.factor == 0 || len(r.parts) > 1 {
				notes = append(notes, fmt.Sprintf("Not bridged: %s is %s now, in %s instead of %s.", inComment(r.Old), inComment(r.New), inComment(r.units.now), inComment(r.units.old)))
				continue
			}
			factor = " * " + strconv.FormatFloat(r.units.factor, 'g', -1, 64)
		}
		for _, p := range r.parts {
			group.Rules = append(group.Rules, recordingRule{Record: p.old, Expr: selector(p.new) + factor})
		}
	}
	document := struct {
		Groups []ruleGroup `yaml:"groups"`
	}{[]ruleGroup{group}}
	if len(group.Rules) == 0 {
		document.Groups = []ruleGroup{}
	}
	return encode(append(notes, d.withoutSuccessor()...), document)
}

var plainName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// selector selects all series of a name, however it is spelt. PromQL takes inf and
// nan for numbers.
func selector(name string) string {
	if plainName.MatchString(name) && !strings.EqualFold(name, "inf") && !strings.EqualFold(name, "nan") {
		return name
	}
	return "{" + nameLabel + "=" + strconv.Quote(name) + "}"
}

func (d Difference) withoutSuccessor() (notes []string) {
	for _, s := range d.Removed {
		notes = append(notes, "Removed, and no successor was found: "+inComment(s.Metric)+".")
	}
	return notes
}

// inComment keeps a name, which may hold a line feed, on its line.
func inComment(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}

// encode writes notes as comments, and a document.
func encode(notes []string, document any) ([]byte, error) {
	var out bytes.Buffer
	for _, note := range notes {
		fmt.Fprintf(&out, "# %s\n", note)
	}
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}
