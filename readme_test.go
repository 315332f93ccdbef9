//go:build !metertree_off

package metertree_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/meter"
)

// Example is what README.md shows, but for the address, which is any free one
// here, and for the last lines, which show what came of it.
func Example() {
	ctx := context.Background()

	// README begins
	rt, err := metertree.Start(ctx, metertree.Config{Service: "checkout", Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err) // the address is taken, for example
	}
	defer rt.Close(ctx)

	shard := rt.Scope("storage", "tsdb").With("shard", "0") // a place in the tree; children inherit its labels

	flushed := shard.Counter("flushed_bytes_total", meter.Unit("bytes"), meter.Keys("status"),
		meter.Help("Bytes handed to the table."))
	flushed.Add(512, "ok")   // direct: the series is looked up
	ok := flushed.Bind("ok") // bound: the fastest
	ok.Add(512)

	type call struct{ Operation, Status string } // typed: a forgotten label does not compile
	calls := meter.MustCounter[call](shard, "calls_total", meter.Help("Calls by outcome."))
	calls.Inc(call{"put", "ok"})
	// README ends

	for family := range rt.Registry().Collect(ctx) {
		if strings.HasPrefix(family.Descriptor.Name, "storage_") {
			for point := range family.Points {
				fmt.Printf("%s{%s} %d\n", family.Descriptor.Name, point.Labels, point.Int)
			}
		}
	}
	// Output:
	// storage_tsdb_calls_total{operation="put",shard="0",status="ok"} 1
	// storage_tsdb_flushed_bytes_total{shard="0",status="ok"} 1024
}

var (
	goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	example = regexp.MustCompile(`(?ms)^\t// README begins\n(.*?)^\t// README ends$`)
)

// TestReadmeShowsExample compares the Go code in README.md with Example, which
// is compiled and run.
func TestReadmeShowsExample(t *testing.T) {
	shown := only(t, "README.md", goBlock)
	run := only(t, "readme_test.go", example)
	run = strings.ReplaceAll(run, `, Listen: "127.0.0.1:0"`, "")
	run = strings.TrimPrefix(strings.ReplaceAll(run, "\n\t", "\n"), "\t")
	if shown != run {
		t.Errorf("README.md shows\n%s\nbut Example is\n%s", shown, run)
	}
}

// only returns what the pattern's group matches in a file, in which the pattern
// must match once.
func only(t *testing.T, path string, pattern *regexp.Regexp) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	matches := pattern.FindAllStringSubmatch(string(text), -1)
	if len(matches) != 1 {
		t.Fatalf("%s: %d matches of %v, want 1", path, len(matches), pattern)
	}
	return matches[0][1]
}
