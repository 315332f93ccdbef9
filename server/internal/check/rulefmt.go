package check

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt" //nolint:depguard // the parser that decides what a rule is; nothing else here touches it
	"github.com/prometheus/prometheus/promql/parser" //nolint:depguard // the same, for expressions
	"go.yaml.in/yaml/v3"
)

// ruleFindings is what Prometheus's own parser says of rules, and then we.
func ruleFindings(content []byte) (found []finding) {
	expressions := parser.NewParser(parser.Options{})
	parse := func(ignoreUnknown bool) *rulefmt.RuleGroups {
		groups, errs := rulefmt.Parse(content, ignoreUnknown, model.UTF8Validation, expressions, slog.New(slog.DiscardHandler))
		for _, err := range errs {
			found = append(found, eachOf(err)...)
		}
		return groups
	}
	// An unknown key ends the reading: the rest is found without its being one.
	if groups := parse(false); groups != nil || len(found) == 0 {
		return append(found, doubtful(groups, expressions)...)
	}
	return append(found, doubtful(parse(true), expressions)...)
}

// unreadable is what ends the reading of rules, although unknown keys do not.
func unreadable(content []byte) string {
	groups, errs := rulefmt.Parse(content, true, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if groups != nil || len(errs) == 0 {
		return ""
	}
	return eachOf(errs[0])[0].message
}

// eachOf divides the errors of decoding.
func eachOf(err error) (found []finding) {
	var several *yaml.TypeError
	if !errors.As(err, &several) {
		return []finding{{message: err.Error()}}
	}
	for _, one := range several.Errors {
		found = append(found, finding{message: one})
	}
	return found
}

// doubtful finds what Prometheus loads, and what can still not be meant.
func doubtful(groups *rulefmt.RuleGroups, expressions parser.Parser) (found []finding) {
	if groups == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, group := range groups.Groups {
		for i, rule := range group.Rules {
			say := func(key, format string, args ...any) {
				found = append(found, finding{group: group.Name, rule: i + 1, key: key, message: fmt.Sprintf(format, args...)})
			}
			kind, name := "record", rule.Record
			if rule.Alert != "" {
				kind, name = "alert", rule.Alert
			}
			// Prometheus refuses neither, but the last one recorded wins. Alerts may
			// share a name, as for two thresholds.
			id := kind + " " + name + " " + fmt.Sprint(rule.Labels)
			if kind == "alert" {
				id += " " + rule.Expr
			}
			if seen[id] {
				say(kind, "the same %s is there twice: %s", kind, name)
			}
			seen[id] = true
			parsed, err := expressions.ParseExpr(rule.Expr)
			if err != nil {
				continue // told already
			}
			switch parsed.Type() {
			case parser.ValueTypeMatrix:
				say("expr", "%s of %s is a range vector", kind, name)
			case parser.ValueTypeString:
				say("expr", "%s of %s is a string", kind, name)
			}
			if top, ok := parsed.(*parser.BinaryExpr); ok && top.ReturnBool && kind == "alert" {
				say("expr", "alert %s compares by %q with bool, so it fires always", name, top.Op)
			}
		}
	}
	return found
}
