package prom

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// expressionBounds are how much an expression may be, beside maxQueryBytes. The time
// to parse one grows with the square of its depth, and neither waits for a turn among
// the queries nor ends when the asker leaves. An operator can be a level, as in 1+1+1.
type expressionBounds struct {
	nesting   int // parentheses within parentheses
	operators int // with ranges, each of which can be a level too
}

var (
	// parsable are the bounds on what is parsed, which takes milliseconds within them.
	parsable = expressionBounds{nesting: 100, operators: 1000}
	// formattable are those on what is printed, level by level, each as often as it has
	// levels above it.
	formattable = expressionBounds{nesting: 20, operators: 100}
)

// check reports why an expression is too much. It takes time in proportion to the
// length. What is malformed is left to the parser.
func (b expressionBounds) check(input string) error {
	depth, operators, matchers := 0, 0, false
	lexer := parser.Lex(input)
	for item := (parser.Item{}); ; {
		lexer.NextItem(&item)
		switch item.Typ {
		case parser.EOF, parser.ERROR:
			return nil
		case parser.LEFT_PAREN:
			depth++
		case parser.RIGHT_PAREN:
			depth--
		case parser.LEFT_BRACE, parser.RIGHT_BRACE:
			matchers = item.Typ == parser.LEFT_BRACE
		case parser.LEFT_BRACKET:
			operators++
		default:
			if item.Typ.IsOperator() && !matchers {
				operators++
			}
		}
		switch {
		case depth > b.nesting:
			return fmt.Errorf("expression is nested deeper than %d levels: ask for its parts one by one", b.nesting)
		case operators > b.operators:
			return fmt.Errorf("expression has more than %d operators and ranges: ask for its parts one by one", b.operators)
		}
	}
}

// boundedParser parses what is within bounds. It is safe for concurrent use.
type boundedParser struct{ parser.Parser }

// ParseExpr implements parser.Parser.
func (p boundedParser) ParseExpr(input string) (parser.Expr, error) {
	if err := parsable.check(input); err != nil {
		return nil, err
	}
	return p.Parser.ParseExpr(input)
}

// ParseMetricSelector implements parser.Parser. What is no selector is parsed before
// it is refused.
func (p boundedParser) ParseMetricSelector(input string) ([]*labels.Matcher, error) {
	if err := parsable.check(input); err != nil {
		return nil, err
	}
	return p.Parser.ParseMetricSelector(input)
}

// ParseMetricSelectors implements parser.Parser.
func (p boundedParser) ParseMetricSelectors(inputs []string) ([][]*labels.Matcher, error) {
	for _, input := range inputs {
		if err := parsable.check(input); err != nil {
			return nil, err
		}
	}
	return p.Parser.ParseMetricSelectors(inputs)
}

// refuse answers a mistake as the API does.
func refuse(w http.ResponseWriter, status int, mistake error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": "bad_data", "error": mistake.Error()})
}

// smallFormats refuses to print what is too much to be printed.
func smallFormats(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := formattable.check(r.FormValue("query")); err != nil {
			refuse(w, http.StatusUnprocessableEntity, err)
			return
		}
		api.ServeHTTP(w, r)
	})
}
