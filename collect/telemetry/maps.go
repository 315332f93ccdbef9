package telemetry

import (
	"iter"
	"strings"

	"github.com/metertree/metertree/policy"
)

// Default returns the table for summaries that are maps, as they come from JSON,
// nested as its paths say.
func Default() Table[map[string]any] {
	return Table[map[string]any]{
		Operation: At("operation"),
		Status:    At("status"),
		Duration:  duration,
		Counts: []Count[map[string]any]{
			count("tokens.llm_input", "llm", "input_tokens_total", "Tokens given to language models."),
			count("tokens.llm_output", "llm", "output_tokens_total", "Tokens that language models gave."),
			count("tokens.embedding", "embedding", "tokens_total", "Tokens given to embedding models."),
			count("vector.searches", "vector", "searches_total", "Searches by vector."),
			count("vector.scored", "vector", "scored_total", "Vectors that were scored."),
			count("vector.passed", "vector", "passed_total", "Scored vectors that passed the threshold."),
			count("vector.returned", "vector", "returned_total", "Vectors that were returned."),
			count("vector.scanned", "vector", "scanned_total", "Vectors that were scanned."),
			countEach("queue", "processed", "processed_total", "Messages that were processed."),
			countEach("queue", "errors", "errors_total", "Messages whose processing failed."),
			count("memories.extracted", "memory", "extracted_total", "Memories that were extracted."),
		},
	}
}

func count(path, domain, name, help string) Count[map[string]any] {
	return Count[map[string]any]{Path: path, Domain: domain, Name: name, Help: help, Read: At(path)}
}

// countEach is the count of a field in each of the maps below a key.
func countEach(key, field, name, help string) Count[map[string]any] {
	each := func(summary map[string]any) iter.Seq2[string, Value] {
		return func(yield func(string, Value) bool) {
			switch of := summary[key].(type) {
			case nil:
			case map[string]any:
				for name, one := range of {
					if !yield(name, below(one, field)) {
						return
					}
				}
			default:
				yield(policy.Unknown, Value{kind: bad})
			}
		}
	}
	return Count[map[string]any]{
		Path: key + ".*." + field, Domain: key, Name: name, Help: help, Key: key, Each: each,
	}
}

func duration(summary map[string]any) Value {
	if v := Any(summary["duration_seconds"]); v.kind != absent {
		return v
	}
	return Any(summary["duration_ms"]).scaled(1e-3)
}

// At returns what reads the field at a path of keys, joined by dots, through
// nested maps.
func At(path string) func(summary map[string]any) Value {
	segments := strings.Split(path, ".")
	return func(summary map[string]any) Value { return below(summary, segments...) }
}

// below returns the field at a path below a part of a summary. A part that is
// missing has no fields, and one that is no map a bad one.
func below(part any, path ...string) Value {
	for _, key := range path {
		switch of := part.(type) {
		case nil:
			return Value{}
		case map[string]any:
			part = of[key]
		default:
			return Value{kind: bad}
		}
	}
	return Any(part)
}
